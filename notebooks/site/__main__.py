"""`python -m notebooks.site` builds the site."""

import sys

from notebooks.site.build import main

sys.exit(main())
