"""Shipments as MXLIMS messages, for several files."""

import pytest

from shared.models import (
    ContainerRegistry,
    ContainerRegistryHasProposal,
    ContainerType,
    LabContact,
)
from tests.core.conftest import ALICE
from tests.core.shipping.mxlims import TREES, URL


@pytest.fixture
def sender(as_, stock, add):
    add(
        ContainerType(containerTypeId=12, name="Puck", capacity=16),
        ContainerType(containerTypeId=13, name="Plate3", capacity=288, wellPerRow=12),
        LabContact(labContactId=1, personId=ALICE, proposalId=1, cardName="home"),
        ContainerRegistry(containerRegistryId=1, barcode="UNI-7"),
        ContainerRegistryHasProposal(containerRegistryId=1, proposalId=1),
    )
    return as_("alice", ALICE)


@pytest.fixture
def post(sender):
    """``post(message)`` is the answer, which must have the status."""

    def send(document, status=201):
        answer = sender.post(URL, json=document)
        assert answer.status_code == status, answer.text
        return answer.json

    return send


@pytest.fixture
def stored_tree(sender):
    """``tree(answer)`` is the stored shipment as a document."""
    return lambda answer: sender.get(f"{TREES}/{answer['shippingId']}/tree").json
