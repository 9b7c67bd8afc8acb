"""Class names that two sources write differently: `Smoke` beside `smoke`, `trash-bin` beside `trash_bin`.

Read together they would be two classes, each teaching that the other's things are background.
"""

from collections import defaultdict
from collections.abc import Sequence

from contract.errors import UsageError
from datasets.folder import LabelledFolder


def plain(label: str) -> str:
    """The label without what people vary.

    >>> plain("Trash-Bin"), plain("trash_bin"), plain("trash bin")
    ('trashbin', 'trashbin', 'trashbin')
    """
    return "".join(character for character in label.casefold() if character.isalnum())


def clashes(folders: Sequence[LabelledFolder]) -> list[str]:
    """One sentence per class that is spelled in two ways, and per name that two sources share."""
    spelled: dict[str, dict[str, str]] = defaultdict(dict)
    for folder in folders:
        for label in (*folder.classes, *sorted(folder.exhaustive_for)):
            spelled[plain(label)].setdefault(label, folder.name)
    found = [
        f"class names clash: {' and '.join(f'{label!r} ({source})' for label, source in spellings.items())}; "
        "import one of them with --rename OLD=NEW"
        for spellings in spelled.values()
        if len(spellings) > 1
    ]
    names = [folder.name for folder in folders]
    for name in sorted({name for name in names if names.count(name) > 1}):
        roots = " and ".join(str(folder.root) for folder in folders if folder.name == name)
        found.append(f"{roots} are both named {name!r}; give one another name in its source.json")
    return found


def check_no_clash(folders: Sequence[LabelledFolder]) -> None:
    """Lets sources pass that can be read together.

    Raises:
        UsageError: these can't.
    """
    found = clashes(folders)
    if found:
        raise UsageError("\n".join(found))
