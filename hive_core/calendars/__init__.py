"""Trading days by IANA zone, the hours of the currency market, and scheduled news. Never a fixed UTC offset."""
