"""Pictures of samples, as imagers and beamlines take them; persons score them."""

from services.core.schemas.samples.images import SampleImageSchema
from shared.errors import Forbidden
from shared.identity import Identity
from shared.models import BLSampleImage
from shared.table_service import TableService

images = TableService(SampleImageSchema)


@images.check
def check_path(identity: Identity, data: dict, stored: BLSampleImage | None) -> None:
    """Check that a service token names the file: a person could name a file of others there."""
    before = stored.imageFullPath if stored else None
    if data.get("imageFullPath", before) not in (None, before) and not identity.is_service:
        raise Forbidden("imageFullPath: only a service token names the file of a picture")
