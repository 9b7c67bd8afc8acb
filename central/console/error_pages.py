"""What a person reads who went to a page and can't have it: what happened, and what is possible, in their language."""

from fastapi import Request, Response

from central.complaints import in_chinese
from central.console.pages import Pages


class SaysWhy:
    """Draws one template for every error; see `central.api.errors`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def draw(self, request: Request, status: int, sentence: str, actions: tuple[str, ...] = ()) -> Response:
        """`actions` are the steps that are open instead, by their keys."""
        words = self._pages.words(request)
        known = status if status in {403, 404, 409, 413, 422, 429, 503} else 500
        shown = sentence if words.language == "en" else in_chinese(sentence)
        back = _own(request.headers.get("referer", ""), request)
        return self._pages.render(
            request, "error.html", status, kind=str(known), sentence=shown, actions=actions, back=back
        )


def _own(referer: str, request: Request) -> str:
    """The page that they came from, if it is one of ours and not this one."""
    start = str(request.base_url)
    if not referer.startswith(start) or referer == str(request.url):
        return "/"
    return "/" + referer.removeprefix(start)
