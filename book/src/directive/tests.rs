use super::*;

/// What is wrong on a page with this text.
fn problems(text: &str) -> Vec<String> {
    expand("page.md", text).1.iter().map(Problem::to_string).collect()
}

fn expanded(text: &str) -> String {
    let (expanded, problems) = expand("page.md", text);
    assert_eq!(problems, []);
    expanded
}

#[test]
fn text_without_directives_stays_as_it_is() {
    let text = "# A\n\n`{{x}}` and\n\n```rust\nprintln!(\"{{}}\");\n{{listing gone.rs}}\n```\n";
    assert_eq!(expanded(text), text);
}

#[test]
fn lines_may_end_as_on_windows() {
    let shown =
        expanded("{{predict 02_tasks\r\nWhich?\r\n= last line\r\nSo.\r\n}}\r\n\r\nEnd.\r\n");
    assert!(shown.contains("\n```text\nthe future starts only now\n```\n"), "{shown}");
    assert!(shown.contains("\nSo.\n") && shown.ends_with("End.\r\n"), "{shown}");
}

#[test]
fn three_backticks_around_words_of_a_line_open_no_block() {
    assert!(expanded("```a``` and\n\n{{expansion main}}\n").contains("asyncio::run"));
}

#[test]
fn a_listing_shows_an_item_of_a_file() {
    let shown = expanded("{{listing tutorial/01_run/main.rs greet}}\n");
    assert!(shown.contains("<figcaption><code>tutorial/01_run/main.rs</code></figcaption>"));
    assert!(shown.contains("\n```rust\nasync fn greet() {\n"), "{shown}");
}

#[test]
fn a_pair_shows_both_languages_and_the_lines_that_correspond() {
    let shown = expanded(
        "{{pair 01_run greet\nasyncio.sleep ~ asyncio::sleep\nprint(\"Hello\") .. print(\"World\") ~ \"World\"\n}}\n",
    );
    assert!(
        shown.contains("<div class=\"pair\" data-lines=\"[[[3,3],[5,5]],[[2,4],[6,6]]]\">"),
        "{shown}"
    );
    assert!(shown.find("```python") < shown.find("```rust"));
}

#[test]
fn an_output_comes_with_the_command_that_prints_it() {
    let shown = expanded("{{output 03_gather from answers to answers}}\n");
    assert!(shown.contains("<code>cargo run --bin 03_gather</code>, in part"), "{shown}");
    assert!(shown.contains("\n```text\nanswers: ! HELLO WORLD\n```\n"));
    assert!(expanded("{{output 04_http}}").contains("--bin 04_http -- http://127.0.0.1"));
}

#[test]
fn how_a_program_ended_is_told_beside_what_it_wrote() {
    let shown = expanded("{{errors differs_ctrl_c}}");
    assert!(
        shown.trim().ends_with("--bin differs_ctrl_c</code> ends with exit status: 130."),
        "{shown}"
    );
}

#[test]
fn an_expansion_and_a_compile_error_come_from_the_macro_s_tests() {
    assert!(expanded("{{expansion main}}").contains("::asyncio::run(main())"));
    let shown = expanded("{{compile_error main/not_async}}");
    assert!(shown.contains("fn main() {") && shown.contains("error: `#[asyncio::main]` runs an"));
}

#[test]
fn the_answer_of_a_prediction_is_what_the_program_prints() {
    let shown = expanded("{{predict 02_tasks\nWhich line *ends* it?\n= last line\nBecause.\n}}\n");
    assert!(
        shown.contains(
            "<span class=\"label\">Predict</span> Which line <em>ends</em> it?</summary>"
        )
    );
    assert!(shown.contains("\n```text\nthe future starts only now\n```\n"), "{shown}");
    assert!(shown.contains("\nBecause.\n"));
}

#[test]
fn a_diagram_takes_the_theme_s_colours() {
    let shown = expanded("{{diagram \"A box\"\nbox \"a < b\" color accent; arrow; box \"c\"\n}}\n");
    assert!(
        shown.contains("<svg aria-hidden=\"true\" width=\"")
            && shown.contains("<figcaption>A box<"),
        "{shown}"
    );
    assert!(shown.contains("stroke:var(--diagram-accent)") && shown.contains("currentColor"));
    assert!(!shown.contains("rgb(") && shown.contains("&lt;"), "{shown}");
}

#[test]
fn what_is_not_there_is_named_with_page_and_line() {
    for (text, message) in [
        ("{{listing gone.rs}}", "gone.rs: No such file"),
        ("{{listing tutorial/01_run/main.rs gone}}", "has no item and no marker called gone"),
        (
            "{{listing tutorial/01_run/main.rs greet to gone}}",
            "main.rs, greet: no line contains \"gone\"",
        ),
        ("{{output gone}}", "there is no program gone"),
        ("{{output 01_run from gone}}", "tutorial/01_run/output.txt: no line contains \"gone\""),
        ("{{errors 01_run}}", "tutorial/01_run/errors.txt: No such file"),
        ("{{pair 01_run gone}}", "twin.py has no item and no marker called gone"),
        ("{{pair 01_run\ngone ~ main\n}}", "twin.py, as shown: no line contains \"gone\""),
        ("{{pair 01_run\nasyncio ~ main\n}}", "twin.py, as shown: 5 lines contain \"asyncio\""),
        (
            "{{pair 01_run\nasyncio #9 ~ main\n}}",
            "twin.py, as shown: 5 lines contain \"asyncio\", no #9",
        ),
        ("{{output 01_run from e}}", "lines contain \"e\", not one"),
        ("{{pair 01_run\nmain\n}}", "`python ~ rust` is missing in \"main\""),
        ("{{expansion gone}}", "macros/expansions/gone.rs: No such file"),
        ("{{compile_error gone}}", "tests/ui/gone.stderr: No such file"),
        ("{{figures gone}}", "figures gone.json: No such file"),
        ("{{timeline gone \"x\"}}", "book/figures/gone.trace.json: No such file"),
        ("{{predict 01_run\nWhat?\n= line 99\n}}", "there is no line 99, there are 6"),
        ("{{predict 01_run\nWhat?\n}}", "needs a line `= EXPRESSION`"),
        ("{{predict 01_run\n= line 1\n}}", "needs a question"),
        ("{{predict 01_run\n[What](a.md)?\n= line 1\n}}", "a question has no links"),
        ("{{diagram \"x\"\nnonsense\n}}", "Pikchr can't draw this"),
        ("{{listign a.rs}}", "did you mean \"listing\"?"),
        ("{{listing a.rs", "this `{{` is never closed"),
        ("{{listing a.rs\n\nText.\n\n{{figures ladder}}", "this `{{` is never closed"),
        ("{{listing a.rs\n\nText {x: {}}", "listing ends with `}}` on its own line"),
        ("Text, {{figure ladder\nladder_1 cpu}}", "this `{{` is never closed"),
        ("}}", "this `}}` closes nothing"),
        ("```rust\n{{listing gone.rs}}", "this code block is never closed"),
        ("{{figure ladder ladder_1 cpu}}", "stands within a line"),
        ("It took {{figrue ladder ladder_1 cpu}}.", "did you mean \"figure\"?"),
        ("See {{output 01_run}}.", "{{output …}} must stand on a line of its own"),
    ] {
        let found = problems(&format!("# Title\n\n{text}\n"));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with("page.md:3: ") && found[0].contains(message), "{found:?}");
    }
}
