"""The routes of em: what each role is answered."""

from tests.matrix import Route, everybody, inside, signed_in

ROUTES = [
    Route("get /em/atlases", signed_in(), list_key="atlasId"),
    Route("get /em/atlases/{atlas_id}", inside()),
    Route("get /em/health", everybody()),
]
