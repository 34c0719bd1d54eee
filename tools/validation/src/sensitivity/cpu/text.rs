//! JSON, numbers as text, and strings.

use std::fmt::Write;
use std::hint::black_box;

use serde_json::Value;

use super::work::{Row, SEED, Work, repeat};
use backend_bench::backend::database::{Corpus, Event};

pub(super) const ROWS: &[Row] = &[
    ("json_parse_event", parse_event),
    ("json_parse_value", parse_value),
    ("json_parse_numbers", parse_numbers),
    ("json_write_event", write_event),
    ("format_float", format_float),
    ("parse_float", parse_float),
    ("split_words", split_words),
    ("upper_case", upper_case),
    ("build_string", build_string),
];

const TEXT: &str =
    "The quarterly report is ready: costs fell by 4 % while traffic grew by 11 %, and no region was slower.";

fn event() -> Event {
    Corpus::new(SEED).next().expect("the corpus is endless")
}

fn parse_event() -> Work {
    let text = serde_json::to_string(&event()).expect("an event has a JSON form");
    repeat(move || serde_json::from_str::<Event>(black_box(&text)).expect("what was written can be read"))
}

fn parse_value() -> Work {
    let text = event().payload;
    repeat(move || serde_json::from_str::<Value>(black_box(&text)).expect("payloads are JSON"))
}

fn parse_numbers() -> Work {
    let text = format!("{:?}", (0..24).map(|number| number * 7_919).collect::<Vec<u32>>());
    repeat(move || serde_json::from_str::<Vec<u32>>(black_box(&text)).expect("numbers are JSON"))
}

fn write_event() -> Work {
    let (event, mut buffer) = (event(), Vec::new());
    repeat(move || {
        buffer.clear();
        serde_json::to_writer(&mut buffer, black_box(&event)).expect("an event has a JSON form");
        buffer.len()
    })
}

fn format_float() -> Work {
    let (mut text, mut number) = (String::new(), 0.1_f64);
    repeat(move || {
        number = number * 1.1 % 1e6;
        text.clear();
        write!(text, "{number:.3}").expect("a string takes whatever is written");
        text.len()
    })
}

fn parse_float() -> Work {
    repeat(|| black_box("98765.4321e-2").parse::<f64>().expect("a number"))
}

fn split_words() -> Work {
    repeat(|| black_box(TEXT).split_whitespace().map(str::len).max())
}

fn upper_case() -> Work {
    repeat(|| black_box(TEXT).to_uppercase())
}

fn build_string() -> Work {
    repeat(|| {
        let mut text = String::with_capacity(64);
        for word in black_box(["latency", "of", "the", "cluster", "rose", "while", "cost", "fell"]) {
            text.push_str(word);
            text.push(' ');
        }
        text
    })
}
