"""Figures as files: JSON as the API tells them, CSV for machines, XLSX for people; every name in both languages."""

import csv
import io
from collections.abc import Iterable
from enum import StrEnum

import xlsxwriter

from central.services.assessment_views import AssessmentView, FigureView, SetView

UNITS = {
    "percent": "%",
    "per_day": "次/路·日 per camera-day",
    "per_hour": "次/百路时 per 100 camera-hours",
    "seconds": "秒 s",
    "hours": "小时 h",
    "points": "分 points",
    "count": "件 cases",
}
_HEADINGS = (
    "指标",
    "figure",
    "值 value",
    "单位 unit",
    "分子 numerator",
    "分母 denominator",
    "95 % 下限 low",
    "95 % 上限 high",
    "说明",
    "note",
    "来源 source",
)
_WIDTHS = (22, 34, 12, 26, 12, 12, 14, 14, 26, 34, 30)


class ExportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    ExportFormat.JSON: "application/json",
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Cell = str | float | int | None


def export(view: AssessmentView, wanted: ExportFormat) -> bytes:
    """The view as a file."""
    match wanted:
        case ExportFormat.JSON:
            return (view.model_dump_json(indent=2, exclude_none=True) + "\n").encode()
        case ExportFormat.CSV:
            return _csv(view)
        case ExportFormat.XLSX:
            return _xlsx(view)


def figure_rows(figures: Iterable[FigureView]) -> list[list[Cell]]:
    """One row of cells per figure, in the order of the headings."""
    return [
        [
            figure.name.zh,
            figure.name.en,
            figure.value,
            UNITS[figure.unit],
            None if figure.numerator is None else figure.numerator.number,
            None if figure.denominator is None else figure.denominator.number,
            None if figure.interval is None else figure.interval[0],
            None if figure.interval is None else figure.interval[1],
            "" if figure.finding is None else figure.finding.sentence.zh,
            "" if figure.finding is None else figure.finding.sentence.en,
            figure.source,
        ]
        for figure in figures
    ]


def _csv(view: AssessmentView) -> bytes:
    """One line per figure and subject. It begins with a mark by which spreadsheets know that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["area", "period", "split", "subject", "key", *_HEADINGS])
    where = [view.scope.area, view.period.text]
    for figure, cells in zip(view.figures, figure_rows(view.figures), strict=True):
        writer.writerow([*where, "", "", figure.key, *map(_harmless, cells)])
    for row in view.rows:
        for figure, cells in zip(row.figures, figure_rows(row.figures), strict=True):
            writer.writerow([*where, view.by, _harmless(row.key), figure.key, *map(_harmless, cells)])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    """A name that a spreadsheet would take for a formula is quoted."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _xlsx(view: AssessmentView) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"Xunjie assessment {view.scope.area} {view.period.text}"})
    _Paper(book, view).write()
    book.close()
    return content.getvalue()


class _Paper:
    """One workbook: figures, sets, and a sheet for a split."""

    def __init__(self, book: xlsxwriter.Workbook, view: AssessmentView) -> None:
        self._book = book
        self._view = view
        font = {"font_name": "Noto Sans CJK SC", "font_size": 10, "valign": "vcenter"}
        self._title = book.add_format(font | {"bold": True, "font_size": 16})
        self._soft = book.add_format(font | {"font_color": "#666666"})
        self._head = book.add_format(
            font | {"bold": True, "bg_color": "#1f4e5f", "font_color": "white", "border": 1, "text_wrap": True}
        )
        self._text = book.add_format(font | {"border": 1, "border_color": "#cccccc", "text_wrap": True})
        self._number = book.add_format(font | {"border": 1, "border_color": "#cccccc", "num_format": "#,##0.00##"})
        self._count = book.add_format(font | {"border": 1, "border_color": "#cccccc", "num_format": "#,##0.##"})

    def write(self) -> None:
        self._figures()
        self._sets(self._view.sets)
        if self._view.by is not None:
            self._split()

    def _figures(self) -> None:
        sheet = self._begun("指标 figures", _WIDTHS)
        self._table(sheet, 4, _HEADINGS, figure_rows(self._view.figures))
        sheet.freeze_panes(5, 2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _sets(self, sets: Iterable[SetView]) -> None:
        sheet = self._begun("数量 counts", (24, 36, 26, 12))
        rows: list[list[Cell]] = [[entry.name.zh, entry.name.en, entry.key, entry.number] for entry in sets]
        self._table(sheet, 4, ("名称", "set", "键 key", "数量 number"), rows)
        sheet.freeze_panes(5, 0)

    def _split(self) -> None:
        """Subjects down, figures across."""
        rows, view = self._view.rows, self._view
        figures = rows[0].figures if rows else ()
        sheet = self._begun("分项 split", (20, 24, *[13] * len(figures)))
        headings = [f"{view.by}", "名称 name", *[f"{figure.name.zh}\n{figure.name.en}" for figure in figures]]
        cells: list[list[Cell]] = [
            [row.key, "" if row.name is None else row.name.zh, *[figure.value for figure in row.figures]]
            for row in rows
        ]
        self._table(sheet, 4, headings, cells)
        sheet.set_row(4, 60)
        sheet.freeze_panes(5, 2)

    def _begun(self, name: str, widths: Iterable[float]) -> xlsxwriter.worksheet.Worksheet:
        view = self._view
        sheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        area = view.scope.area_name.zh + " " + view.scope.area_name.en if view.scope.area_name else ""
        sheet.write_string(0, 0, f"城管考评 assessment · {view.scope.area or '全部 all'} {area}", self._title)
        sheet.set_row(0, 26)
        sheet.write_string(
            1, 0, f"{view.period.text}（{view.period.first} – {view.period.last}，{view.period.timezone}）", self._soft
        )
        state = "" if view.frozen is None else f" · 已冻结 frozen {view.frozen.taken_at:%Y-%m-%d %H:%M} UTC"
        sheet.write_string(2, 0, f"截至 as of {view.as_of:%Y-%m-%d %H:%M} UTC · {view.book_version}{state}", self._soft)
        return sheet

    def _table(
        self, sheet: xlsxwriter.worksheet.Worksheet, top: int, headings: Iterable[str], rows: list[list[Cell]]
    ) -> None:
        for column, heading in enumerate(headings):
            sheet.write_string(top, column, heading, self._head)
        for number, cells in enumerate(rows, start=top + 1):
            for column, cell in enumerate(cells):
                if cell is None:
                    sheet.write_blank(number, column, None, self._text)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell, self._text)
                else:
                    sheet.write_number(number, column, cell, self._count if float(cell).is_integer() else self._number)
