"""What went wrong with a form, in the reader's language, a line per problem."""

from fastapi import Request

from central.complaints import in_chinese
from central.console.pages import Pages


def spoken(pages: Pages, request: Request, error: Exception) -> list[str]:
    """The error's lines as the page says them."""
    return said(pages, request, str(error))


def said(pages: Pages, request: Request, sentence: str) -> list[str]:
    """A refusal's lines as the page says them."""
    return (sentence if pages.words(request).language == "en" else in_chinese(sentence)).splitlines()
