"""Empty: a package of this name made Python 2 print unicode, which Python 3 does by itself."""
