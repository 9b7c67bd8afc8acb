"""XML from strangers: no entities, no document types, nothing fetched."""

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from contract.errors import UsageError

LARGEST_XML_BYTES = 500_000_000


def read_xml(path: Path) -> Element:
    """The file's root element.

    Raises:
        UsageError: unreadable, not XML (with its line), too large, or with entities that could blow up.
    """
    try:
        if path.stat().st_size > LARGEST_XML_BYTES:
            raise UsageError(f"{path}: larger than {LARGEST_XML_BYTES:,} bytes; export it in parts")
        root: Element = fromstring(path.read_bytes(), forbid_dtd=True)
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error
    except ParseError as error:
        raise UsageError(f"{path}:{error.position[0]}: is not XML: {error}; export it again") from error
    except DefusedXmlException as error:
        raise UsageError(
            f"{path}: declares entities or a document type, which no labelling tool does; refused"
        ) from error
    except (ValueError, LookupError) as error:
        raise UsageError(f"{path}: is not XML in an encoding we know: {error}; export it as UTF-8") from error
    return root


def text_of(element: Element, name: str) -> str:
    """The text of a child that must be there.

    Raises:
        UsageError: it isn't, or is empty; the caller knows where.
    """
    text = (element.findtext(name) or "").strip()
    if not text:
        raise UsageError(f"<{name}> is missing or empty; add it")
    return text


def number_of(text: str | None, name: str) -> float:
    """A number written in the attribute or element `name`.

    Raises:
        UsageError: it is none; the caller knows where.
    """
    try:
        return float(text or "")
    except ValueError:
        raise UsageError(f"{name}={text!r} is no number; correct it") from None
