"""What kind of fault a message speaks of, for the log: messages quote what was sent, and these words do not."""

UNKNOWN_COLUMN = "the model has no input of this name"
_OTHER = "is not what is taken here"
_KINDS = (
    UNKNOWN_COLUMN,
    "a row must be an object of columns and values",
    "is missing, and the column cannot be left out",
    "is null, but the column had no missing value in training",
    "is null, but the column must have a value",
    "must be a number",
    "must be a whole number",
    "must be a finite number",
    "must be true, false, 0 or 1",
    "must be a date",
    "must be a string, a number or a boolean",
    "must be one of the classes",
    "must have no UTC offset",
    "needs a UTC offset",
    "is not a number",
    "is not an ISO 8601 date",
    "is not Unicode text",
    "is too large a number",
    "must be a text or a whole number",
    "must be a text",
    "is no key of the lookup",
    "is in another language",
    "becomes too long",
)
_BEGINNINGS = {"is outside of": "is outside of its bounds"}  # a value follows
_INSIDE = {  # these messages begin with a value, or a name
    "counts as missing, but the column had no missing value in training": "counts as missing",
    "counts as missing, but the column must have a value": "counts as missing",
    "which training never saw": "is a label that training never saw",
    "leading zeros count": "has lost its leading zeros",
    "is none of the model's classes": "is none of the model's classes",
    " characters": "is too long",
    "knows no such": "is unknown to its lookup",
    "takes no such": "is refused by its lookup",
    "does not answer": "could not be looked up",
}


def kind_of_fault(message: str) -> str:
    """Return a fixed text for what is wrong with a value or a row."""
    message = message.removeprefix("the label ")
    for kind in _KINDS:
        if message.startswith(kind):
            return kind
    for words, kind in _BEGINNINGS.items():
        if message.startswith(words):
            return kind
    return next((kind for words, kind in _INSIDE.items() if words in message), _OTHER)
