"""Labels of dewars and containers, manifests and sheets of containers, as PDF."""

from services.core.modules.shipping import container_labels, label_texts, pdf_pages
from services.core.schemas.samples.samples import SampleSchema
from services.core.schemas.shipping.labels import (
    CONTAINER,
    SAMPLE,
    LabelDewarSchema,
    LabelShipmentSchema,
    SingleContainerSchema,
)
from shared import app_context, read, visibility
from shared.errors import BadInput
from shared.files import Document
from shared.identity import Identity
from shared.models import BLSample, Container, Dewar, Shipping

MOST = 500  # pages of a PDF, and dewars of a shipment


def get_shipment_labels(identity: Identity, shipment_id: int, paper: str) -> Document:
    """The labels of all dewars of a visible shipment and of their containers."""
    return _draw_labels(identity, f"shipment-{shipment_id}-labels", paper, shipment_id)


def get_dewar_labels(identity: Identity, dewar_id: int, paper: str) -> Document:
    """The labels of a visible dewar and of its containers."""
    rule = visibility.rule(identity, Dewar)
    shipment_id = read.one(LabelDewarSchema, rule, ("shippingId",), dewarId=dewar_id)["shippingId"]
    return _draw_labels(identity, f"dewar-{dewar_id}-labels", paper, shipment_id, dewar_id)


def get_container_label(identity: Identity, container_id: int, paper: str) -> Document:
    """The label of a visible container."""
    container = _read_container(identity, container_id)
    dewar = container["Dewar"]
    shipment = dewar["Shipping"] if dewar else {}
    label = label_texts.make_container_label(container, dewar, shipment)
    pages = container_labels.make_single(label, paper)
    return _write(f"container-{container_id}-label", pages)


def get_manifest(identity: Identity, shipment_id: int, paper: str) -> Document:
    """The manifest of a visible shipment: its dewars and their containers."""
    shipment, dewars = _read_shipment(identity, shipment_id)
    table = label_texts.make_manifest(app_context.site(), shipment, dewars)
    return _write(f"shipment-{shipment_id}-manifest", table.pages(paper))


def get_sheet(identity: Identity, container_id: int, paper: str) -> Document:
    """The visible samples of a visible container, by position."""
    container = _read_container(identity, container_id)
    rule = visibility.rule(identity, BLSample)
    samples = read.some(SampleSchema, rule, SAMPLE, containerId=container_id)
    table = label_texts.make_sheet(container, samples)
    return _write(f"container-{container_id}-sheet", table.pages(paper))


def _draw_labels(
    identity: Identity, name: str, paper: str, shipment_id: int, dewar_id: int | None = None
) -> Document:
    """The labels of a dewar of a shipment, or of all."""
    shipment, dewars = _read_shipment(identity, shipment_id)
    pages, labels = [], []
    for place, dewar in enumerate(dewars, 1):
        if dewar_id in (None, dewar["dewarId"]):
            piece = f"Piece {place} of {len(dewars)}"
            texts = label_texts.make_dewar_labels(app_context.site(), shipment, dewar, piece)
            pages += texts.pages(paper)
            labels += [
                label_texts.make_container_label(each, dewar, shipment)
                for each in dewar["Container"]
            ]
    return _write(name, [*pages, *container_labels.make_sheets(labels, paper)])


def _read_shipment(identity: Identity, shipment_id: int) -> tuple[dict, list[dict]]:
    """A visible shipment and its dewars with their containers."""
    rule = visibility.rule(identity, Shipping)
    shipment = read.one(LabelShipmentSchema, rule, shippingId=shipment_id)
    rule = visibility.rule(identity, Dewar)
    dewars = read.some(LabelDewarSchema, rule, limit=MOST + 1, shippingId=shipment_id)
    if len(dewars) > MOST:
        raise BadInput(f"the shipment has more than {MOST} dewars: print the labels of each dewar")
    return shipment, dewars


def _read_container(identity: Identity, container_id: int) -> dict:
    rule = visibility.rule(identity, Container)
    return read.one(SingleContainerSchema, rule, (*CONTAINER, "Dewar"), containerId=container_id)


def _write(name: str, pages: list[pdf_pages.Page]) -> Document:
    if len(pages) > MOST:
        raise BadInput(
            f"the PDF would have {len(pages)} pages, more than {MOST}: print the labels of each"
            " dewar or container"
        )
    return Document(f"{name}.pdf", pdf_pages.write(name, pages))
