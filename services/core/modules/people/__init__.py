"""Proposals, sessions, and the persons and laboratories behind them."""
