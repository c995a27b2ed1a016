'use strict';

// A program in Python and in Rust: two columns where the page has room for them, tabs where it
// hasn't, and lines that correspond light up together. What comes from the build:
//
//   <div class="pair" data-lines="[[[3, 3], [2, 2]], …]">
//     <figure class="listing" data-language="python">…</figure>
//     <figure class="listing" data-language="rust">…</figure>
//   </div>
//
// data-lines is a list of [lines in the first, lines in the second], each [from, to], from 1.

(function pairs() {
    const LANGUAGES = { python: 'Python', rust: 'Rust' };
    const REMEMBERED = 'asyncio-book-language';

    const pairs = Array.from(document.querySelectorAll('main .pair'), makePair);
    if (pairs.length === 0) {
        return;
    }

    // ---- Columns or tabs ----

    function makePair(element, index) {
        const listings = Array.from(element.querySelectorAll(':scope > .listing'));
        const tabs = document.createElement('div');
        tabs.className = 'tabs';
        tabs.setAttribute('role', 'tablist');
        tabs.setAttribute('aria-label', 'Language');
        element.prepend(tabs);
        const sides = listings.map(listing => makeSide(listing, tabs, `pair-${index + 1}`));
        return { element, tabs, sides };
    }

    // A side is a listing in a panel, and the tab that shows it.
    function makeSide(listing, tabs, name) {
        const language = listing.dataset.language;
        const panel = document.createElement('div');
        panel.className = 'panel';
        panel.id = `${name}-${language}`;
        listing.replaceWith(panel);
        panel.append(listing);

        const tab = document.createElement('button');
        tab.type = 'button';
        tab.id = `${panel.id}-tab`;
        tab.textContent = LANGUAGES[language] ?? language;
        tab.setAttribute('role', 'tab');
        tab.setAttribute('aria-controls', panel.id);
        tabs.append(tab);
        return { language, listing, panel, tab };
    }

    let chosen = remembered() ?? 'rust';

    function remembered() {
        try {
            return localStorage.getItem(REMEMBERED);
        } catch {
            return null; // The reader's browser keeps nothing for us.
        }
    }

    function remember(language) {
        try {
            localStorage.setItem(REMEMBERED, language);
        } catch {
            // Chosen for this page, then.
        }
    }

    function layOut() {
        for (const { element, tabs, sides } of pairs) {
            const tabbed = getComputedStyle(element).getPropertyValue('--columns').trim() === '1';
            const shown = sides.find(side => side.language === chosen) ?? sides[0];
            tabs.hidden = !tabbed;
            for (const side of sides) {
                side.panel.hidden = tabbed && side !== shown;
                side.tab.setAttribute('aria-selected', side === shown);
                side.tab.tabIndex = side === shown ? 0 : -1;
                if (tabbed) {
                    side.panel.setAttribute('role', 'tabpanel');
                    side.panel.setAttribute('aria-labelledby', side.tab.id);
                } else {
                    side.panel.removeAttribute('role');
                    side.panel.removeAttribute('aria-labelledby');
                }
            }
        }
    }

    // Turns every pair of the page. Those above change their height: the tab just used stays where
    // it was.
    function choose(side) {
        const before = side.tab.getBoundingClientRect().top;
        chosen = side.language;
        remember(chosen);
        layOut();
        window.scrollBy({ top: side.tab.getBoundingClientRect().top - before, behavior: 'instant' });
    }

    function onTabKey(event, sides) {
        const here = sides.findIndex(side => side.tab === event.target);
        const last = sides.length - 1;
        const to = {
            ArrowLeft: here === 0 ? last : here - 1,
            ArrowRight: here === last ? 0 : here + 1,
            Home: 0,
            End: last,
        }[event.key];
        if (to === undefined) {
            return;
        }
        event.preventDefault();
        event.stopPropagation(); // mdBook's arrows turn to another chapter.
        choose(sides[to]);
        sides[to].tab.focus();
    }

    for (const { tabs, sides } of pairs) {
        sides.forEach(side => side.tab.addEventListener('click', () => choose(side)));
        tabs.addEventListener('keydown', event => onTabKey(event, sides));
    }
    new ResizeObserver(layOut).observe(document.querySelector('main'));
    layOut();

    // ---- Lines that correspond ----

    let explained = false;

    for (const { element, sides } of pairs) {
        const groups = JSON.parse(element.dataset.lines ?? '[]');
        if (groups.length > 0) {
            explain(element);
            sides.forEach((side, which) => markLines(side, groups.map(group => group[which])));
            lightUp(element);
        }
    }

    // Said once on a page, to those who can't see the marks.
    function explain(element) {
        if (explained) {
            return;
        }
        explained = true;
        const note = document.createElement('p');
        note.className = 'visually-hidden';
        note.textContent = 'Python and Rust: lines that correspond carry the same number. '
            + 'Tab to the first of them, then press the down arrow for the next.';
        element.before(note);
    }

    // Gives each line of `ranges` its own element, with the numbers of the groups it belongs to.
    function markLines(side, ranges) {
        const code = side.listing.querySelector('pre > code');
        const groupsOf = new Map();
        ranges.forEach(([from, to], group) => {
            for (let line = from; line <= to; line += 1) {
                groupsOf.set(line, [...groupsOf.get(line) ?? [], group]);
            }
        });

        const inner = document.createElement('span');
        inner.className = 'lines';
        inner.append(...code.childNodes);
        code.append(inner);
        code.parentElement.classList.add('gutter');

        for (const [line, groups] of groupsOf) {
            const element = wrapLine(inner, line);
            if (element === null) {
                continue;
            }
            element.dataset.groups = groups.join(' ');
            const first = groups.filter(group => ranges[group][0] === line);
            if (first.length > 0) {
                element.classList.add('mark');
                element.dataset.mark = first.map(group => group + 1).join(',');
                element.tabIndex = -1;
            }
        }
        // One stop for the Tab key in each listing; the arrows go on from there.
        const mark = inner.querySelector('.mark');
        if (mark !== null) {
            mark.tabIndex = 0;
        }
    }

    // Puts line `number` into a span. Its text stays the same, newlines stay outside. Highlighting
    // may run over several lines (a comment, a string): extractContents closes such an element
    // before the line and opens it again inside.
    function wrapLine(root, number) {
        const lines = root.textContent.split('\n');
        if (number > lines.length) {
            return null;
        }
        const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
        const range = document.createRange();
        range.setStart(...place(root, start, true));
        range.setEnd(...place(root, start + lines[number - 1].length, false));
        const span = document.createElement('span');
        span.className = 'line';
        span.append(range.extractContents());
        range.insertNode(span);
        return span;
    }

    // The text node and the offset in it of the character `at` of `root`. Between two nodes, that
    // is the start of the next one or the end of the one before.
    function place(root, at, next) {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        let rest = at;
        while (texts.nextNode()) {
            const length = texts.currentNode.length;
            if (rest < length || (rest === length && !next)) {
                return [texts.currentNode, rest];
            }
            rest -= length;
        }
        return [root, root.childNodes.length];
    }

    // Under the mouse for as long as it is there; touched or focused until something else is.
    function lightUp(pair) {
        let kept = [];

        function light(groups) {
            for (const line of pair.querySelectorAll('.line')) {
                const lit = groupsOf(line).some(group => groups.includes(group));
                line.classList.toggle('lit', lit);
            }
        }
        function keep(groups) {
            kept = groups;
            light(kept);
        }

        pair.addEventListener('pointerover', event => {
            if (event.pointerType === 'mouse') {
                const groups = groupsOf(event.target.closest('.line'));
                light(groups.length > 0 ? groups : kept);
            }
        });
        pair.addEventListener('pointerleave', () => light(kept));
        pair.addEventListener('click', event => {
            if (event.target.closest('button') === null && getSelection().isCollapsed) {
                keep(groupsOf(event.target.closest('.line')));
            }
        });
        pair.addEventListener('focusin', event => {
            if (event.target.matches('.mark')) {
                keep(groupsOf(event.target));
            }
        });
        pair.addEventListener('keydown', event => {
            if (event.key === 'Escape') {
                keep([]);
            } else if (event.target.matches('.mark')) {
                step(event);
            }
        });
        for (const elsewhere of ['pointerdown', 'focusin']) {
            document.addEventListener(elsewhere, event => {
                if (!pair.contains(event.target)) {
                    keep([]);
                }
            });
        }
    }

    function groupsOf(line) {
        return line?.dataset.groups?.split(' ') ?? [];
    }

    // To the next marked line of this listing, or the one before.
    function step(event) {
        const marks = Array.from(event.target.closest('code').querySelectorAll('.mark'));
        const here = marks.indexOf(event.target);
        const to = marks[{
            ArrowUp: here - 1,
            ArrowDown: here + 1,
            Home: 0,
            End: marks.length - 1,
        }[event.key]];
        if (to === undefined) {
            return; // Past the ends the key scrolls the page, as it does elsewhere.
        }
        event.preventDefault();
        event.target.tabIndex = -1;
        to.tabIndex = 0;
        to.focus();
    }
})();
