//! Documents and the words that are found in them.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, words: &[(usize, &str)]) {
    let want: Vec<(String, String)> =
        words.iter().map(|(line, word)| (format!("line {line}"), format!("`{word}`"))).collect();
    let found = look_alikes(text);
    let found: Vec<(String, String)> = found
        .into_iter()
        .map(|fault| (fault.path, fault.message.split(' ').next().unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(found, want, "{text}");
}

#[test]
fn a_word_without_quotes_is_found_wherever_it_stands() {
    check("cached: on", &[(1, "on")]);
    check("a:\n  b: Yes # sure", &[(2, "Yes")]);
    check("- off\n- \"off\"\n- 'no'\n- NO", &[(1, "off"), (4, "NO")]);
    check("{a: y, b: [n, on,off], c: x}", &[(1, "y"), (1, "n"), (1, "on"), (1, "off")]);
    check("y: 1\n\"n\": 2", &[(1, "y")]);
    check("a:\n  off", &[(2, "off")]);
    check("a: &anchor yes\nb: *anchor\nc: !!str no", &[(1, "yes"), (3, "no")]);
    check("--- on", &[(1, "on")]);
}

#[test]
fn a_word_within_a_text_is_no_boolean() {
    check("a: \"on\"\nb: 'it''s on'\nc: \"say \\\" on\"", &[]);
    check("a: on and off\nb: yes, please\nc: x:on\nd: a#no", &[]);
    check("a: oN\nb: onn\nc: nO", &[]);
    check("# on\na: 1 # off\n#no: yes", &[]);
    check("a: foo\n  on\nb: on\n  the go", &[]);
    check("a: \"first\n  on\n  no\"\nb: off", &[(4, "off")]);
    check("url: http://on\npath: /v1/on", &[]);
}

#[test]
fn a_block_scalar_is_a_text() {
    check("a: |\n  on\n  no\nb: off", &[(4, "off")]);
    check("a: >-\n\n  on\n\nb: 1", &[]);
    check("- a: |\n    on\n  b: yes", &[(3, "yes")]);
    check("- |\n on\n- off", &[(3, "off")]);
    check("a: | # a comment\n   on\n", &[]);
}

/// Texts of words, quotation marks, indicators and line breaks, in lists and maps.
fn documents() -> impl Strategy<Value = serde_yaml::Value> {
    let text = proptest::collection::vec(
        prop_oneof![
            Just("on"),
            Just("no"),
            Just(" "),
            Just("\n"),
            Just("\""),
            Just("'"),
            Just("#"),
            Just(": "),
            Just("- "),
            Just("|"),
            Just(","),
            Just("]"),
            Just("é")
        ],
        0..6,
    );
    let text = text.prop_map(|pieces| serde_yaml::Value::String(pieces.concat()));
    let key = text.clone();
    text.prop_recursive(3, 12, 4, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_yaml::Value::Sequence);
        let map = proptest::collection::vec((key.clone(), inner), 0..4);
        let map = map.prop_map(|fields| serde_yaml::Value::Mapping(fields.into_iter().collect()));
        prop_oneof![list, map]
    })
}

/// How many texts of a document are such words, its keys included.
fn words_in(document: &serde_yaml::Value) -> usize {
    match document {
        serde_yaml::Value::String(text) => usize::from(WORDS.contains(&text.as_str())),
        serde_yaml::Value::Sequence(items) => items.iter().map(words_in).sum(),
        serde_yaml::Value::Mapping(fields) => {
            fields.iter().map(|(key, value)| words_in(key) + words_in(value)).sum()
        }
        _ => 0,
    }
}

proptest! {
    /// The writer gives quotes to all that would be read otherwise, and knows nothing of these words.
    #[test]
    fn in_what_a_writer_wrote_just_these_words_are_found(document in documents()) {
        let text = serde_yaml::to_string(&document).expect("YAML");
        prop_assert_eq!(look_alikes(&text).len(), words_in(&document), "{}", text);
    }
}
