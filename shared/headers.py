"""The headers of requests and answers, as the specifications describe them."""

SENT = {
    "Content-Encoding": "gzip, if the body is compressed",
    "Idempotency-Key": "a UUID, or 1 to 255 printable characters without blanks: "
    "a request that is sent again with it is carried out once",
    "If-Match": "the ETag of the row when it was read: 412 if the row has changed since",
    "If-None-Match": "the ETag of an earlier answer: 304 while nothing has changed",
    "If-Range": "the ETag of the part that was read: the whole file if it has changed since",
    "Range": "one range of bytes: `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`",
    "X-Fields": "the fields to answer, as a mask: `a,B{c}`; it takes precedence over `fields`",
}
LIMITS: dict[str, dict] = {
    "Content-Encoding": {"enum": ["gzip", "identity"]},
    "Idempotency-Key": {"pattern": "^[!-~]{1,255}$"},
}
ANSWERED = {
    "Content-Disposition": "whether to show or to save the file, and its name",
    "Content-Range": "the bytes of this part, and the length of the file",
    "ETag": "the version of the answer, for If-None-Match, If-Match and If-Range",
    "Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same "
    "Idempotency-Key",
    "Retry-After": "seconds after which to send the request again",
    "WWW-Authenticate": "`Bearer`: send a token in the header Authorization",
    "X-Request-ID": "the id of the request, which the log has too",
}
OF_STATUS = {
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    416: ("Content-Range",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}  # beside X-Request-ID


def parameters(*names: str) -> dict[str, dict]:
    """The headers ``names`` of a request, as parameters of Swagger 2.0 by name."""
    return {
        name: {"in": "header", "type": "string", "description": SENT[name], **LIMITS.get(name, {})}
        for name in names
    }


def of_answer(status: int, *names: str) -> dict[str, dict]:
    """The headers of an answer with ``status``, in Swagger 2.0; ``names`` are more of them."""
    every = (*OF_STATUS.get(status, ()), *names, "X-Request-ID")
    return {name: {"type": "string", "description": ANSWERED[name]} for name in every}
