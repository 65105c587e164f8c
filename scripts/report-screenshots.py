#!/usr/bin/env python3
"""report-screenshots.py RDB [FOLDER]: takes the pictures of Documentation/report.md from a page about generated keys.

RDB is the built command. FOLDER is Documentation by default. Needs Chromium (`scripts/setup.sh test`).
"""
import os
import subprocess
import sys
import tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(root, "Tests", "Browser"))
from browser import Browser


def main(rdb, folder=os.path.join(root, "Documentation")):
    with tempfile.TemporaryDirectory() as work:
        dump, page = os.path.join(work, "dump.rdb"), os.path.join(work, "report.html")
        subprocess.run([rdb, "gen", "--profile", "mixed", "--size", "100mb", "-o", dump], check=True)
        subprocess.run([rdb, "report", dump, "-q", "-o", page], check=True)
        browser = Browser()
        try:
            browser.theme("light")
            browser.size(1280)
            browser.open(page)
            browser.screenshot(os.path.join(folder, "report-light.png"), clip=(0, 0, 1280, 1180))
            browser.theme("dark")
            browser.size(375, 812)
            browser.open(page)
            browser.click("#show-treemap")
            browser.run("scrollTo(0, 0)")
            browser.screenshot(os.path.join(folder, "report-dark.png"), clip=(0, 0, 375, 1180))
        finally:
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
