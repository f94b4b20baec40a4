"""How a configuration is read: one list of passes, in the order in which they run.

A new pass is a function from a `Reading` to a `Reading`, and a line here.
"""

from cli.config.batch import batch_is_given, place_batch, read_as_data, read_batch
from cli.config.blocks import of_block, read_baseline, read_data, read_split, read_trainer
from cli.config.components import gate_checks
from cli.config.defaults import borrow_rules, resolve_defaults
from cli.config.limits import limits_fit
from cli.config.order import in_order, where_declared
from cli.config.paths import place_data
from cli.config.plain_values import plain_values
from cli.config.reading import Pass
from cli.config.resolve import resolve
from cli.config.schema import fits_schema, known_keys
from cli.config.sound_blocks import compatible

PASSES: tuple[Pass, ...] = (
    # First, because no other pass knows an interpolation from a text.
    Pass("interpolations", resolve),
    # Before components check their parameters: they are given where a file is, not what it is relative to.
    Pass("data paths", place_data),
    Pass("batch paths", place_batch),
    # Before anything compares or validates values, which NaN, dates and bytes would upset.
    Pass("plain values", plain_values, stops=True),
    # Before the schema, which would say both less helpfully.
    Pass("known keys", known_keys),
    Pass("batch is given", batch_is_given),
    # Before the trainer is read: rules that it takes from the baseline are parameters of it.
    Pass("borrowed rules", borrow_rules),
    # Before the schema: it knows a component as name and params, and a person writes both flat.
    Pass("data", of_block("data", read_data)),
    Pass("split", of_block("split", read_split)),
    Pass("trainer", of_block("trainer", read_trainer)),
    Pass("baseline", of_block("baseline", read_baseline)),
    Pass("gate", of_block("gate", gate_checks)),
    Pass("batch", of_block("batch", read_batch)),
    # After both blocks name their components.
    Pass("batch is read as data", read_as_data),
    # After every block has the schema's form; it gives the run.
    Pass("schema", fits_schema),
    # After the schema: only sound blocks can be compared.
    Pass("compatibility", compatible),
    # After all that finds faults.
    Pass("where declared", where_declared),
    Pass("order", in_order, stops=True),
    # Last, because what is open is decided by choices that are known to work.
    Pass("defaults", resolve_defaults),
    Pass("limits", limits_fit),
)
