"""Time zones to choose from in a drop-down: the usual ones, from west to east. Any other IANA name may be typed."""

from __future__ import annotations

ZONES = (
    "UTC", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Vancouver", "America/Denver",
    "America/Phoenix", "America/Chicago", "America/Mexico_City", "America/New_York", "America/Toronto",
    "America/Bogota", "America/Lima", "America/Halifax", "America/Caracas", "America/Santiago", "America/St_Johns",
    "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Atlantic/Azores", "Atlantic/Reykjavik", "Europe/London",
    "Europe/Dublin", "Europe/Lisbon", "Africa/Casablanca", "Africa/Lagos", "Europe/Amsterdam", "Europe/Belgrade",
    "Europe/Berlin", "Europe/Brussels", "Europe/Budapest", "Europe/Copenhagen", "Europe/Madrid", "Europe/Oslo",
    "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw",
    "Europe/Zurich", "Africa/Johannesburg", "Africa/Cairo", "Europe/Athens", "Europe/Bucharest", "Europe/Helsinki",
    "Europe/Kyiv", "Europe/Sofia", "Asia/Jerusalem", "Asia/Beirut", "Europe/Istanbul", "Europe/Moscow",
    "Africa/Nairobi", "Asia/Riyadh", "Asia/Baghdad", "Asia/Tehran", "Asia/Dubai", "Asia/Baku", "Asia/Karachi",
    "Asia/Tashkent", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Almaty", "Asia/Bangkok",
    "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Taipei",
    "Asia/Manila", "Asia/Kuala_Lumpur", "Australia/Perth", "Asia/Seoul", "Asia/Tokyo", "Australia/Adelaide",
    "Australia/Brisbane", "Australia/Melbourne", "Australia/Sydney", "Pacific/Auckland", "Pacific/Fiji",
)  # fmt: skip
