//! The book: builds its pages from the project's own files, checks them, and serves them.
