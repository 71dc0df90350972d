"""A tagged PDF (ISO 32000-1, 14.8), which reportlab does not make by itself: reading order, headings, tables, words for pictures.

What is drawn inside `element` and `content` belongs to the structure that a screen reader reads; all else is decoration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObjectReference, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table


@dataclass
class Element:
    """One element of the structure. `parts`: elements inside it, and what is drawn, as (page, number on that page)."""

    role: str
    words: str = ""
    parts: list[Element | tuple[int, int]] = field(default_factory=list)


class TaggedCanvas(Canvas):
    """A canvas that keeps its pages until the end, and then writes what they have in common and what they mean."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._root = Element("Document")
        self._inside = [self._root]
        self._pages: list[dict[str, Any]] = []
        self._owners: list[list[Element]] = [[]]

    @property
    def innermost(self) -> str:
        """The role of the element that is open."""
        return self._inside[-1].role

    @contextmanager
    def element(self, role: str, words: str = "") -> Iterator[None]:
        """What follows belongs to a new element. `words` stand for a picture."""
        self.open(role, words)
        yield
        self.close()

    def open(self, role: str, words: str = "") -> None:
        opened = Element(role, words)
        self._inside[-1].parts.append(opened)
        self._inside.append(opened)

    def close(self) -> None:
        self._inside.pop()

    @contextmanager
    def content(self) -> Iterator[None]:
        """What is drawn here is the content of the element that is open."""
        owner, owners = self._inside[-1], self._owners[-1]
        number = len(owners)
        owners.append(owner)
        owner.parts.append((len(self._owners) - 1, number))
        self._code.append(f"/{owner.role} <</MCID {number}>> BDC")
        yield
        self._code.append("EMC")

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """What is drawn here means nothing, or is said elsewhere."""
        self._code.append("/Artifact BMC")
        yield
        self._code.append("EMC")

    def furnish(self, number: int, pages: int) -> None:
        """Draw what every page has, knowing how many there are."""

    def showPage(self) -> None:  # noqa: N802 - the name that reportlab calls
        self._pages.append(dict(self.__dict__))
        self._owners.append([])
        self._startPage()

    def save(self) -> None:
        for number, state in enumerate(self._pages, start=1):
            self.__dict__.update(state)
            with self.decoration():
                self.furnish(number, len(self._pages))
            super().showPage()
            page = self._doc.Pages.pages[-1]
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = number - 1, PDFName("S")
        self._write_structure()
        super().save()

    def _write_structure(self) -> None:
        references: dict[int, PDFObjectReference] = {}
        root = PDFObjectReference("structure")
        document = self._write(self._root, root, references)
        numbers: list[Any] = []
        for page, owners in enumerate(self._owners[: len(self._pages)]):
            numbers += [page, PDFArray([references[id(owner)] for owner in owners])]
        tree = {
            "Type": PDFName("StructTreeRoot"),
            "K": document,
            "ParentTree": PDFDictionary({"Nums": PDFArray(numbers)}),
            "ParentTreeNextKey": len(self._pages),
        }
        self._doc.Reference(PDFDictionary(tree), "structure")
        self._doc.Catalog.StructTreeRoot = root
        self._doc.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})

    def _write(
        self, element: Element, parent: PDFObjectReference, references: dict[int, PDFObjectReference]
    ) -> PDFObjectReference:
        mine = PDFObjectReference(f"element{len(references)}")
        references[id(element)] = mine
        told = {
            "Type": PDFName("StructElem"),
            "S": PDFName(element.role),
            "P": parent,
            "K": PDFArray(
                [
                    self._write(part, mine, references) if isinstance(part, Element) else _marked(*part)
                    for part in element.parts
                ]
            ),
        }
        if element.words:
            told["Alt"] = PDFString(element.words)
        if element.role == "TH":
            told["A"] = PDFDictionary({"O": PDFName("Table"), "Scope": PDFName("Column")})
        self._doc.Reference(PDFDictionary(told), mine.name)
        return mine


def _marked(page: int, number: int) -> PDFDictionary:
    """A reference to content on a page; reportlab counts pages from 1."""
    return PDFDictionary(
        {"Type": PDFName("MCR"), "Pg": PDFObjectReference(f"Page{page + 1}"), "MCID": number}
    )


class TaggedParagraph(Paragraph):
    """Text whose role its style names; in a cell of a table it is the cell's."""

    def draw(self) -> None:
        canvas: TaggedCanvas = self.canv
        if canvas.innermost in ("TH", "TD"):
            with canvas.content():
                super().draw()
        else:
            with canvas.element(self.style.role), canvas.content():
                super().draw()


class Diagram(Table):
    """A table that is a drawing: `words` say what it shows."""

    def __init__(self, words: str, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.words = words

    def draw(self) -> None:
        canvas: TaggedCanvas = self.canv
        with canvas.element("Figure", self.words), canvas.content():
            super().draw()


def tagged_table(cells: list[list[Any]], widths: list[float], **options: Any) -> Table:
    """A table whose first row is its head."""
    return Table(cells, widths, renderCB=_tag_table, **options)


def _tag_table(table: Table, event: str, *place: Any) -> None:
    """reportlab tells what it is about to draw; lines and backgrounds are decoration."""
    canvas: TaggedCanvas = table.canv
    if event in ("startBG", "startLines"):
        canvas._code.append("/Artifact BMC")
    elif event in ("endBG", "endLines"):
        canvas._code.append("EMC")
    elif event == "startCell":
        canvas.open("TH" if place[0] == 0 else "TD")
    elif event in ("startTable", "startRow"):
        canvas.open("Table" if event == "startTable" else "TR")
    else:
        canvas.close()
