assert(("\255AbÉ"):lower() == "\255abÉ" and ("\255abé"):upper() == "\255ABé")
