"""Check `generalizes`: a score that falls from the validation to the test set was chosen by luck."""

from pydantic import Field

from drivetrain import CheckOutcome, Evidence, GateCheck, Strict


class GeneralizesParams(Strict):
    """How far the run's metric may move."""

    within: float = Field(default=0.1, ge=0, description="largest difference of the sets, in the metric's unit")


class Generalizes(GateCheck):
    """The run's metric is about the same on the validation and on the test set."""

    Params = GeneralizesParams
    params: GeneralizesParams

    def check(self, evidence: Evidence) -> list[CheckOutcome]:
        """Return one outcome."""
        sets = evidence.evaluation.metrics
        found = [sets.get(name, {}).get(evidence.metric) for name in ("validation", "test")]
        if None in found:
            why = f"{evidence.metric} is not known on both sets"
            return [CheckOutcome(name="generalizes", value=None, threshold=self.params.within, passed=False, why=why)]
        validation, test = (float(value) for value in found if value is not None)
        moved = abs(validation - test)
        passed = moved <= self.params.within
        word = "within" if passed else "more than"
        why = f"{evidence.metric} moved by {moved:.3g} between the sets, {word} the {self.params.within:g} allowed"
        return [CheckOutcome(name="generalizes", value=moved, threshold=self.params.within, passed=passed, why=why)]
