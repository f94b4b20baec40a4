"""Which outputs a request is answered with."""

from schemas.errors import did_you_mean
from serving.http.v2.faults import fault, quoted
from serving.http.v2.outputs import Output, Outputs
from serving.http.v2.request import InferRequest, Wanted


def wanted(outputs: Outputs, request: InferRequest) -> list[tuple[Output, bool]]:
    """Return what is asked for, each with whether as bytes. Raises HttpError for an output that there is not."""
    if request.wanted is None:
        return [(one, request.is_binary) for one in outputs.known.values()]
    return [(_of(outputs, one), one.is_binary) for one in request.wanted]


def _of(outputs: Outputs, one: Wanted) -> Output:
    found = outputs.known.get(one.name)
    if found is None:
        names = list(outputs.known)
        hint = f"{did_you_mean(one.name, names)} It has {', '.join(names)}."
        raise fault(f"the model has no output {quoted(one.name)}.{hint}", "an output is none of the model's")
    return found
