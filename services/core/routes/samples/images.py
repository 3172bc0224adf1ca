"""/samples/images"""

from services.core.modules.samples.images import images
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("sample_images", path="/samples/images", description="Pictures of samples")
ns.resource(
    images, EVERY, one="sample image", many="sample images", key="image_id", service=WRITERS
)
