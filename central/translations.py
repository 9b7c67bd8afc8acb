"""Reads gettext catalogues. The msgids are keys, one key stands in one file, and every language knows the same keys."""

from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from contract.errors import UsageError

CONSOLE = Path(__file__).parent / "console" / "locale"
LOCALES = {"zh": "zh_CN", "en": "en"}
Texts = Mapping[str, str]


def load_texts(folder: Path = CONSOLE) -> dict[str, Texts]:
    """Language (``zh``, ``en``) → key → text, from every catalogue of the folder.

    Raises:
        UsageError: a file is no catalogue, a text is missing or marked fuzzy, or a key stands twice; file and key are
            named.
    """
    found = {language: _language(folder / locale / "LC_MESSAGES") for language, locale in LOCALES.items()}
    for language, texts in found.items():
        for other, theirs in found.items():
            if missing := sorted(theirs.keys() - texts.keys()):
                raise UsageError(
                    f"{folder / LOCALES[language]}: has no {missing[0]!r}, which {LOCALES[other]} has; "
                    "add the msgid to the file of the same name"
                )
    return found


def _language(folder: Path) -> Texts:
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.po")):
        for key, text in _catalogue(path).items():
            if key in texts:
                raise UsageError(f"{path}: {key!r} stands in another file of {folder} too; leave it in one")
            texts[key] = text
    return texts


def _catalogue(path: Path) -> Texts:
    try:
        with path.open("rb") as file:
            messages = [message for message in read_po(file, abort_invalid=True) if message.id]
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: this is no gettext catalogue: {error}") from error
    texts = {str(message.id): str(message.string) for message in messages}
    for message in messages:
        if not message.string or message.fuzzy:
            raise UsageError(f"{path}: msgid {message.id!r} is not translated; write its msgstr and remove `fuzzy`")
    return texts
