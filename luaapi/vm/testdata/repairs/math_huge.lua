assert(math.huge == 1 / 0 and math.huge > 1.7976931348623157e308)
