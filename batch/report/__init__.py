"""Turns outcomes and plans into what people read: lines on a terminal, one HTML page."""
