"""The shipments of the simulated facility: in each status, with pucks, plates and a queue."""

from collections import defaultdict

from sqlalchemy import select

from demo import facility
from demo.shipments import PLACES
from services.core.models import (
    ContainerHistory,
    ContainerQueue,
    DewarTransportHistory,
    SampleHasLigand,
)
from shared.models import (
    BLSample,
    BLSampleGroup,
    BLSampleImage,
    BLSampleImageScore,
    Container,
    ContainerInspection,
    ContainerType,
    DataCollection,
    Dewar,
    Imager,
    InspectionType,
    Proposal,
    Shipping,
)
from shared.shipping_settings import STATUSES
from tests.demo.conftest import TODAY

STORIES = (
    "Substrate recognition by transporters",
    "Fragment screening against a cysteine protease",
)


def get_shipments(facility_, title):
    proposal = facility_.scalars(select(Proposal).filter_by(title=title)).one()
    return facility_.scalars(select(Shipping).filter_by(proposal=proposal)).all()


def test_there_is_a_shipment_in_each_status(facility_):
    statuses = set()
    for title in STORIES:
        shipments = get_shipments(facility_, title)
        statuses |= {each.shippingStatus for each in shipments}
        for shipment in shipments:
            assert shipment.sending_contact.proposalId == shipment.proposalId
            assert shipment.creationDate.date() <= TODAY
    assert statuses == {*STATUSES}


def test_histories_end_with_the_present_status(facility_):
    statuses = defaultdict(list)
    order = DewarTransportHistory.arrivalDate
    for each in facility_.scalars(select(DewarTransportHistory).order_by(order)):
        assert each.arrivalDate.date() <= TODAY
        statuses[each.dewarId].append((each.dewarStatus, each.storageLocation))
    for dewar in facility_.scalars(select(Dewar)):
        words = [word for word, _ in statuses[dewar.dewarId]]
        assert words == [word for word in STATUSES if word in words]
        assert statuses[dewar.dewarId][-1] == (dewar.dewarStatus, dewar.storageLocation or "")
        assert dewar.registered.facilityCode == dewar.code == dewar.facilityCode
        links = {link.proposalId for link in dewar.registered.proposals}
        assert links == {dewar.shipping.proposalId}
        assert dewar.session.proposalId == dewar.shipping.proposalId
    ends = {}
    for each in facility_.scalars(select(ContainerHistory).order_by(ContainerHistory.blTimeStamp)):
        ends[each.containerId] = (each.status, each.beamlineName, each.location)
    for container in facility_.scalars(select(Container)):
        assert container.containerStatus == container.dewar.dewarStatus
        assert ends[container.containerId] == (
            *(container.containerStatus, container.beamlineLocation),
            container.sampleChangerLocation,
        )


def test_pucks_are_full_and_some_samples_of_them_measured(facility_):
    measured = set(facility_.scalars(select(DataCollection.blSampleId)))
    for title in STORIES:
        containers = [
            container
            for shipment in get_shipments(facility_, title)
            for dewar in shipment.dewars
            for container in dewar.containers
        ]
        kinds = {each.containerType for each in containers}
        assert kinds == {"Puck", "CrystalQuickX"}
        for container in containers:
            samples = facility_.scalars(select(BLSample).filter_by(container=container)).all()
            keys = {sample.blSampleId for sample in samples}
            assert container.type.capacity == container.capacity >= len(samples)
            assert (container.containerType != "Puck") or len(samples) == PLACES
            if container.containerStatus in STATUSES[:6]:
                assert not keys & measured
            else:
                assert keys & measured and keys - measured


def test_a_story_has_a_queue_a_plate_and_a_group(facility_):
    for title in STORIES:
        keys = {each.shippingId for each in get_shipments(facility_, title)}
        queued = [
            each
            for each in facility_.scalars(select(ContainerQueue))
            if each.container.dewar.shippingId in keys
        ]
        assert [len(each.items) for each in queued] == [PLACES]
        assert all(item.plan == item.sample.plan for item in queued[0].items)
        proposal = queued[0].container.dewar.shipping.proposal
        [group] = facility_.scalars(select(BLSampleGroup).filter_by(proposal=proposal))
        assert 0 < len(group.members) < PLACES
        inspections = [
            each
            for each in facility_.scalars(select(ContainerInspection))
            if each.container.dewar.shippingId in keys
        ]
        assert sorted(each.state for each in inspections) == ["Completed", "Queued"]
        pictures = select(BLSampleImage).filter_by(
            containerInspectionId=inspections[0].containerInspectionId
        )
        for picture in facility_.scalars(pictures):
            assert picture.sample.container == inspections[0].container and picture.score.name
            link = select(SampleHasLigand).filter_by(blSampleId=picture.blSampleId)
            assert facility_.scalars(link).one().ligand.proposalId == proposal.proposalId


def test_the_types_are_those_of_each_site(facility_):
    types = {each.name: each for each in facility_.scalars(select(ContainerType))}
    assert len(types) == len(facility.CONTAINER_TYPES) == 39
    assert types["Puck"].containerTypeId == 12 and types["Puck"].wellPerRow is None
    plate = types["MRC 2 Drop"]
    assert (plate.capacity, plate.wellPerRow, plate.dropPerWellX, plate.dropPerWellY) == (
        *(192, 12),
        *(1, 2),
    )
    assert [*facility_.scalars(select(InspectionType.name))] == ["Visible", "UV"]
    assert len(facility_.scalars(select(Imager)).all()) == 2
    assert "Crystals" in facility_.scalars(select(BLSampleImageScore.name)).all()
