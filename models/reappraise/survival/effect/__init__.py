"""A time-to-event endpoint of which a hazard ratio is printed and no time: analysed as the effect that it is."""
