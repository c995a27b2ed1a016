'use strict';

// What every page needs beyond mdBook's own script, mostly for those who use a keyboard.

(function landmarks() {
    const content = document.getElementById('mdbook-content');
    content.tabIndex = -1; // So that the link moves the focus too, and not only the page.
    const link = document.createElement('a');
    link.className = 'skip-link';
    link.href = '#mdbook-content';
    link.textContent = 'Skip to the text';
    document.body.prepend(link);
    document.getElementById('mdbook-menu-bar').setAttribute('role', 'banner');
})();

// mdBook opens the table of contents with a label, which the Tab key doesn't reach. A button takes
// its place, and presses it.
(function sidebarButton() {
    const label = document.getElementById('mdbook-sidebar-toggle');
    const anchor = document.getElementById('mdbook-sidebar-toggle-anchor');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = label.className;
    button.title = label.title;
    button.innerHTML = label.innerHTML;
    button.setAttribute('aria-label', label.title);
    button.setAttribute('aria-controls', 'mdbook-sidebar');
    button.setAttribute('aria-expanded', anchor.checked);
    button.addEventListener('click', () => label.click());
    anchor.addEventListener('change', () => button.setAttribute('aria-expanded', anchor.checked));
    label.before(button);
    label.hidden = true;
})();

// A question is pressed to see the answer: code in it has no button of its own.
document.querySelectorAll('summary pre > .buttons').forEach(buttons => buttons.remove());

// What scrolls sideways can be reached by keyboard: only then, to spare the others a stop.
(function sidewaysScrolling() {
    const main = document.querySelector('main');

    function name(box) {
        const caption = box.closest('figure')?.querySelector('figcaption');
        return caption?.textContent ?? (box.matches('code') ? 'Code' : 'Table');
    }

    function update(box) {
        const scrolls = box.scrollWidth > box.clientWidth && box.closest('summary') === null;
        box.classList.toggle('scrolls', scrolls);
        if (!scrolls) {
            box.removeAttribute('tabindex');
        } else {
            box.tabIndex = 0;
        }
        if (box.matches('figure')) {
            return; // Has a role and a name: its caption.
        }
        if (scrolls) {
            box.setAttribute('role', 'group');
            box.setAttribute('aria-label', name(box));
        } else {
            box.removeAttribute('role');
            box.removeAttribute('aria-label');
        }
    }

    const observer = new ResizeObserver(entries => entries.forEach(entry => update(entry.target)));
    const boxes = 'pre > code, .table-wrapper, figure.diagram, figure.figures';
    main.querySelectorAll(boxes).forEach(box => observer.observe(box));

    // The arrow keys scroll such a box. mdBook would turn to another chapter.
    main.addEventListener('keydown', event => {
        const arrow = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
        if (arrow && event.target.closest('.scrolls') !== null) {
            event.stopPropagation();
        }
    });
})();

// A diagram may shrink to fit a phone, as long as its text can be read. Past that it scrolls.
(function diagrams() {
    for (const svg of document.querySelectorAll('main .diagram svg')) {
        const width = svg.viewBox.baseVal.width;
        svg.style.width = `${width}px`;
        svg.style.minWidth = `${width * 0.75}px`;
    }
})();

// Paper can't be clicked: predictions are printed open, and closed again afterwards.
(function printedPredictions() {
    let opened = [];
    window.addEventListener('beforeprint', () => {
        opened = Array.from(document.querySelectorAll('details.prediction:not([open])'));
        opened.forEach(details => { details.open = true; });
    });
    window.addEventListener('afterprint', () => {
        opened.forEach(details => { details.open = false; });
    });
})();
