//! `predict`: a question whose answer is computed from what the program printed.

use super::{Directive, code_figure, expression};
use crate::markdown;

/// `{{predict NAME`, the question, `= EXPRESSION`, the explanation, `}}`
pub(super) fn prediction(directive: &Directive<'_>) -> Result<String, String> {
    let program = directive.only_argument("a program's name")?;
    let equals = directive.body.iter().position(|line| line.starts_with("= "));
    let equals = equals.ok_or("predict needs a line `= EXPRESSION`, which says the answer")?;
    let question = directive.body[..equals].join("\n");
    if question.trim().is_empty() {
        return Err("predict needs a question before the line `= EXPRESSION`".into());
    }
    let question = question_html(&question);
    if question.contains("<a ") {
        return Err("a question has no links: put them into the explanation".into());
    }
    let answer = expression::evaluate(program, &directive.body[equals][2..])?;
    let explanation = directive.body[equals + 1..].join("\n");
    let answer = code_figure(r#"class="computed""#, "", "text", &answer);
    Ok(format!(
        "<details class=\"prediction\">\n<summary><span class=\"label\">Predict</span> {}</summary>\n\
         <div class=\"answer\">\n\n{answer}\n{}\n\n</div>\n</details>\n",
        question,
        explanation.trim()
    ))
}

/// Within `summary`, Markdown isn't looked at: this is.
fn question_html(question: &str) -> String {
    let html = markdown::to_html(question).trim().replace('\n', " ");
    match html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")) {
        Some(one) if !one.contains("<p>") => one.to_owned(),
        _ => format!("<div class=\"question\">{html}</div>"),
    }
}
