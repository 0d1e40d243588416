"""Serves the app's backend alone, in production mode, by one worker."""

import os
import sys

os.chdir(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.getcwd())
os.environ.update(GRANIAN_WORKERS="1", REFLEX_ENV_MODE="prod", __REFLEX_SKIP_COMPILE="true", REFLEX_BACKEND_ONLY="true")

if __name__ == "__main__":
    from reflex.utils.exec import run_backend_prod

    run_backend_prod("127.0.0.1", int(sys.argv[1]))
