"""Lesson 18 in Python: a crawler. Prints output.txt, as main.rs does without options.

The standard library has no asynchronous HTTP client and no asynchronous SQLite: both block, and get a thread
for each call. Progress bars, the report, and the way on after Ctrl-C are main.rs's alone.
"""

import asyncio
import http.client
import sqlite3
import tempfile
from collections import Counter, defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

AGENT = "asyncio-crawler"
# The most requests at once, and to one host.
WORKERS, PER_HOST = 8, 2
# For a whole request, in seconds; how often a page is asked for; before the second try, and doubled then.
TIMEOUT, TRIES, BACK_OFF = 1.5, 3, 0.1


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.title, self.in_title, self.links = "", False, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.in_title = tag == "title"
        if tag == "a":
            self.links += [value for name, value in attributes if name == "href"]

    def handle_endtag(self, tag):
        self.in_title = False

    def handle_data(self, data):
        if self.in_title:
            self.title += data


def resolve(link, base):
    url, _ = urldefrag(urljoin(base, link))
    return url if urlsplit(url).scheme in ("http", "https") else None


class Store:
    """Pages and links. A page that is known and not yet fetched is `waiting`."""

    def __init__(self, file, start):
        # One call at a time, each on any thread.
        self.connection = sqlite3.connect(file, check_same_thread=False)
        self.lock = asyncio.Lock()
        self.connection.executescript(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE pages (url TEXT PRIMARY KEY, state TEXT DEFAULT 'waiting', status INTEGER,"
            " title TEXT, note TEXT, tries INTEGER);"
            "CREATE TABLE links (source TEXT, target TEXT, PRIMARY KEY (source, target));"
        )
        with self.connection:
            self.connection.execute("INSERT INTO pages (url) VALUES (?)", (start,))

    async def query(self, sql):
        async with self.lock:
            return await asyncio.to_thread(lambda: self.connection.execute(sql).fetchall())

    async def finish(self, page, links, to_crawl):
        async with self.lock:
            return await asyncio.to_thread(self.finish_blocking, page, links, to_crawl)

    def finish_blocking(self, page, links, to_crawl):
        # A transaction: all of it, or nothing.
        with self.connection as db:
            db.execute(
                "UPDATE pages SET state = :state, status = :status, title = :title, note = :note,"
                " tries = :tries WHERE url = :url",
                page,
            )
            rows = [(page["url"], target) for target in links]
            db.executemany("INSERT OR IGNORE INTO links VALUES (?, ?)", rows)
            sql = "INSERT OR IGNORE INTO pages (url) VALUES (?)"
            return [url for url in to_crawl if db.execute(sql, (url,)).rowcount == 1]


def get_blocking(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path, headers={"User-Agent": AGENT})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode(errors="replace")
    finally:
        connection.close()


async def fetch(url):
    status, headers, text = await asyncio.to_thread(get_blocking, url)
    fetched = {"status": status, "title": "", "note": "", "links": []}
    if 300 <= status < 400:
        # A redirect is followed as a link is: in its turn, if robots.txt allows it, and not twice.
        fetched["note"] = resolve(headers["Location"], url)
        fetched["links"] = [fetched["note"]]
    elif status == 200 and headers.get_content_type() == "text/html":
        found = Links(text)
        resolved = (resolve(link, url) for link in found.links)
        fetched["links"] = list(dict.fromkeys(filter(None, resolved)))
        fetched["title"] = found.title
    return fetched


class Crawl:
    def __init__(self, start, store):
        self.host, self.store = urlsplit(start).netloc, store
        self.queue, self.places = asyncio.Queue(), asyncio.Semaphore(PER_HOST)
        self.robots, self.robots_lock = None, asyncio.Lock()

    async def run(self):
        async with asyncio.TaskGroup() as group:
            for (url,) in await self.store.query("SELECT url FROM pages WHERE state = 'waiting'"):
                self.queue.put_nowait(url)
            workers = [group.create_task(self.work()) for _ in range(WORKERS)]
            await self.queue.join()
            # Python 3.11 can't close a queue.
            for worker in workers:
                worker.cancel()

    async def work(self):
        while True:
            await self.crawl(await self.queue.get())
            self.queue.task_done()

    async def crawl(self, url):
        page = {"url": url, "state": "forbidden", "status": None, "title": "", "tries": 0}
        page["note"], links = "robots.txt forbids it", []
        if await self.allows(url):
            links = await self.visit(page)
        to_crawl = [link for link in links if urlsplit(link).netloc == self.host]
        for new in await self.store.finish(page, links, to_crawl):
            self.queue.put_nowait(new)

    async def visit(self, page):
        back_off = BACK_OFF
        for tries in range(1, TRIES + 1):
            page["tries"] = tries
            async with self.places:
                try:
                    fetched = await fetch(page["url"])
                except (OSError, http.client.HTTPException) as error:
                    fetched = None
                    page.update(state="failed", note=str(error))
            if fetched is not None:
                links = fetched.pop("links")
                page.update(state="answered", **fetched)
                if fetched["status"] not in (429, 500, 502, 503, 504):
                    return links
            if tries < TRIES:
                # The place is for others meanwhile.
                await asyncio.sleep(back_off)
                back_off *= 2
        return []

    async def allows(self, url):
        # The first who asks fetches it, and the others wait for that.
        async with self.robots_lock:
            if self.robots is None:
                async with self.places:
                    _, _, text = await asyncio.to_thread(get_blocking, urljoin(url, "/robots.txt"))
                self.robots = RobotFileParser()
                self.robots.parse(text.splitlines())
            return self.robots.can_fetch(AGENT, url)


async def show(store, start):
    pages = await store.query("SELECT url, state, status, title, note, tries FROM pages ORDER BY url")
    sources = defaultdict(list)
    for source, target in await store.query("SELECT source, target FROM links ORDER BY source"):
        sources[target].append(source)

    def short(url):
        return "/" + url.removeprefix(start)

    counts = Counter()
    for url, state, status, title, note, tries in pages:
        if state == "forbidden":
            kind, what = "forbidden", note
        elif state == "failed":
            kind, what = "without an answer", "no answer"
        elif status >= 400:
            kind, what = "broken", "linked from " + " ".join(map(short, sources[url]))
        elif status >= 300:
            kind, what = "redirected", f"-> {short(note)}"
        else:
            kind, what = "fine", title
        counts[kind] += 1
        tried = f" ({tries} tries)" if tries > 1 else ""
        print(f"{status or '---'} {short(url):<15} {what}{tried}".rstrip())
    kinds = ["fine", "redirected", "broken", "without an answer", "forbidden"]
    counted = ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])
    print(f"{len(pages)} pages: {counted}")


def page(title, paths=()):
    links = "".join(f'<p><a href="{path}">{path}</a>\n' for path in paths)
    return f"<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n{links}"


PAGES = {
    "/": page(
        "Welcome",
        ["/about", "/products", "/news", "/old", "/slow", "/flaky", "/loop/a", "/trouble"],
    ),
    "/about": page("About us", ["/", "/team", "/private/plans", "mailto:us@example.org"]),
    "/team": page("The team", ["/about", "/picture.svg", "https://example.org/"]),
    "/products": page("Products", ["/products/1", "/products/2", "/products/3"]),
    "/news": page("News", ["/news/2", "/calendar/2030", "/gone"]),
    "/news/2": page("Older news", ["/news", "/news/3"]),
    "/news/3": page("Old news", ["news/../2", "/gone", "/round/1"]),
    # Pages that lead to each other, under many names.
    "/loop/a": page("Loop A", ["/loop/b", "/loop/a#top", "/loop/../loop/b#end"]),
    "/loop/b": page("Loop B", ["a", "./b", "//"]),
    "/slow": page("Slow", ["/slower"]),
    "/slower": page("Slower", ["/"]),
    "/trouble": page("Trouble", ["/error", "/silent", "/cut"]),
    "/flaky": page("Flaky", ["/"]),
    "/cut": page("Cut off"),
    "/picture.svg": '<svg xmlns="http://www.w3.org/2000/svg"><a href="/no-page"/></svg>',
    "/robots.txt": "User-agent: *\nDisallow: /private/\nDisallow: /calendar/\n",
}
# Each leads to the next two; one leads nowhere.
for number in range(1, 13):
    after = [f"/products/{number + 1}", f"/products/{number + 2}"]
    PAGES[f"/products/{number}"] = page(f"Product {number}", ["/products", *after])
REDIRECTS = {"/old": "/new", "/new": "/about", "/round/1": "/round/2", "/round/2": "/round/1"}
DELAYS = {"/slow": 0.3, "/slower": 0.6} | {f"/products/{n}": n / 100 for n in range(1, 13)}


class Site:
    def __init__(self):
        self.asked, self.under_way, self.most_at_once = Counter(), 0, 0

    async def answer(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.decode().split(" ")[1]
            self.asked[path] += 1
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            await asyncio.sleep(DELAYS.get(path, 0))
            # Before the client hears of it, and so before it asks for more.
            self.under_way -= 1
            if path == "/silent":
                # As long as the client has patience.
                await reader.read(1)
                return
            writer.write(self.respond(path).encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            # A client that went away early is its own business.
            pass
        finally:
            writer.close()

    def respond(self, path):
        status, body = (200, PAGES[path]) if path in PAGES else (404, page("Error 404"))
        # Fails twice, then works.
        if path == "/flaky" and self.asked[path] <= 2:
            status = 503
        status = {"/error": 500, "/old": 301}.get(path, 302 if path in REDIRECTS else status)
        location = f"Location: {REDIRECTS[path]}\r\n" if path in REDIRECTS else ""
        kind = "image/svg+xml" if path.endswith(".svg") else "text/html; charset=utf-8"
        length = len(body) * (2 if path == "/cut" else 1)
        return (
            f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{location}"
            f"Connection: close\r\n\r\n{body}"
        )


async def main():
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    start = f"http://{host}:{port}/"
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "crawl.db", start)
        await Crawl(start, store).run()
        await show(store, start)
        store.connection.close()
    requests, most = site.asked.total(), site.most_at_once
    print(f"the site was asked {requests} times, never more than {most} at once")
    server.close()


asyncio.run(main())
