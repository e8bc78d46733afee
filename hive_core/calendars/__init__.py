"""Trading days by IANA zone and the hours of the currency market. Never a fixed UTC offset."""
