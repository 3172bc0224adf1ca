"""Shipments, dewars and containers: their way, their queue."""
