"""Lesson 04 in Python: HTTP requests. Prints output.txt, as main.rs does.

    python3 twin.py [URL]...
"""

import asyncio
import sys
import urllib.request


def fetch_blocking(url):
    with urllib.request.urlopen(url, timeout=20) as response:
        charset = response.headers.get_content_charset() or "utf-8"
        return response.read().decode(charset, errors="replace")


async def fetch(url):
    # The standard library has no asynchronous HTTP client, so each request blocks a thread. With
    # aiohttp, which has to be installed, it would be:
    #
    #     async with session.get(url) as response:
    #         return await response.text()
    return await asyncio.to_thread(fetch_blocking, url)


async def main(urls):
    pages = await asyncio.gather(*map(fetch, urls), return_exceptions=True)
    errors = []
    for url, page in zip(urls, pages):
        if isinstance(page, Exception):
            errors.append(f"{url}: {page}")
            continue
        if len(urls) > 1:
            print(f"== {url}")
        print(page[:100])
    if errors:
        sys.exit("\n".join(errors))


asyncio.run(main(sys.argv[1:] or ["http://python.org"]))
