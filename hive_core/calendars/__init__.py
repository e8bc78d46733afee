"""Trading days by IANA zone, hours of the currency market, scheduled news. Never a fixed UTC offset."""
