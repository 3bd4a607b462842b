assert(module == nil and newproxy == nil and _printregs == nil and debug == nil and channel == nil)
assert(dofile == nil and loadfile == nil and os.execute == nil and os.remove == nil and io.open == nil and io.popen == nil)
assert(package.loaders == nil and package.loadlib == nil and package.path == nil)
assert(package.loaded.string == string and table.pack(1, nil).n == 2 and table.unpack({ 1, 2 }) == 1)
