"""Figures for Prometheus: requests and their seconds, by service, route, method and status."""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram
from prometheus_client import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

LABELS = ("service", "route", "method", "status")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # clients make up more
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SECONDS = Histogram("ispyb_request_seconds", "Seconds per request", LABELS, buckets=BUCKETS)


def measure(app: Flask) -> None:
    """Measure every request of ``app`` and show the figures of its processes at ``/metrics``."""

    def note(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        labels = (app.extensions["service"], route, method, response.status_code)
        SECONDS.labels(*labels).observe(time.perf_counter() - g.started)
        return response

    def show() -> Response:
        registry = REGISTRY
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.after_request(note)
    app.add_url_rule("/metrics", view_func=show)
