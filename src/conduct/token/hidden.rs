//! What is told of a token endpoint's words: nothing of what it was asked with in confidence, though it may repeat it.

use std::collections::BTreeSet;

use url::Url;

use crate::plan::OAuth2;
use crate::plan::credential::{LEFT_OUT, may_hold_credential};

/// So many characters are told.
const LONGEST_TOLD: usize = 200;

/// What is never told.
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Hidden(secrets.into_iter().collect())
    }

    /// What an endpoint says, without secrets and what could steer a terminal.
    pub(super) fn shown(&self, text: &str) -> String {
        // These go first: a secret with one of them in it would not be found, and be whole without it.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let (mut shown, mut rest) = (String::new(), text.as_str());
        while shown.chars().count() < LONGEST_TOLD
            && let Some(next) = rest.chars().next()
        {
            let secret = self.0.iter().filter_map(|secret| length(secret, rest)).max();
            match secret {
                Some(_) => shown.push_str(LEFT_OUT),
                None => shown.push(next),
            }
            rest = &rest[secret.unwrap_or(next.len_utf8())..];
        }
        shown.chars().take(LONGEST_TOLD).collect()
    }
}

/// What the endpoint is told beside the client's secret and may be one too, by its name.
pub(super) fn confidential(oauth2: &OAuth2) -> Vec<String> {
    let url = Url::parse(&oauth2.token_url).ok();
    let query = url.iter().flat_map(Url::query_pairs).map(|(name, value)| (name.into(), value.into()));
    let told = oauth2.params.clone().into_iter().chain(query);
    told.filter(|(name, _): &(String, String)| may_hold_credential(name)).map(|(_, value)| value).collect()
}

/// How much of the beginning of `text` is `secret`, each of its characters written in any way. A character may begin as
/// another one is written, so that there may be several ends.
fn length(secret: &str, text: &str) -> Option<usize> {
    let mut ends = BTreeSet::from([0]);
    for character in secret.chars() {
        let ways = ways(character);
        let further = |end: &usize| -> Vec<usize> {
            ways.iter().filter(|way| begins(&text[*end..], way)).map(|way| end + way.len()).collect()
        };
        ends = ends.iter().flat_map(further).collect();
        if ends.is_empty() {
            return None;
        }
    }
    ends.last().copied().filter(|end| *end > 0)
}

fn begins(text: &str, way: &str) -> bool {
    text.as_bytes().get(..way.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(way.as_bytes()))
}

/// As itself, as in an address or a form, and as in HTML; in any case of letters.
fn ways(character: char) -> Vec<String> {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).bytes();
    let bytes = bytes.fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));
    let number = u32::from(character);
    let numbers = [
        format!("&#{number};"),
        format!("&#0{number};"),
        format!("&#x{number:x};"),
        format!("&#x0{number:x};"),
    ];
    let mut ways = vec![character.to_string(), bytes];
    ways.extend(numbers);
    let other = match character {
        ' ' => Some("+"),
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        control if control.is_control() => Some(""),
        _ => None,
    };
    ways.extend(other.map(str::to_owned));
    ways
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{ClientAuth, ClientSecret};

    #[track_caller]
    fn check(secrets: &[&str], text: &str, want: &str) {
        let hidden = Hidden::new(secrets.iter().map(|secret| (*secret).to_owned()));
        assert_eq!(hidden.shown(text), want, "{text:?}");
    }

    #[test]
    fn a_secret_is_left_out_however_it_is_written() {
        let secret = "hunter 2&ä";
        for form in [
            "hunter 2&ä",
            "hunter+2%26%C3%A4",
            "hunter%202%26%C3%A4",
            "hunter%202%26%c3%a4",
            "hunter 2&amp;ä",
            "hunter&#32;2&#x26;&#xE4;",
            "%68unter 2&ä",
        ] {
            check(&[secret], &format!("it is {form}!"), "it is (left out)!");
        }
        check(&["it's <b>"], "it&#039;s &lt;b&gt;, it&apos;s <b>", "(left out), (left out)");
        check(&["100%25"], "100%25 100%2525", "(left out) (left out)");
        check(&[secret], "hunter 3", "hunter 3");
    }

    #[test]
    fn a_secret_with_a_control_character_in_it_is_left_out() {
        check(&["hunter2"], "it is hunt\u{1}er2", "it is (left out)");
        check(&["hunt\ner2"], "hunt\ner2 hunter2 hunt%0Aer2", "(left out) (left out) (left out)");
        check(&["", "\n"], "a\nb", "ab");
    }

    #[test]
    fn the_longest_secret_is_left_out_as_a_whole() {
        check(&["hunter", "hunter2", "er2"], "hunter2er2", "(left out)(left out)");
    }

    #[test]
    fn so_much_is_told_and_no_piece_of_a_secret_at_its_end() {
        check(&["hunter2"], &format!("{}hunter2", "x".repeat(195)), &format!("{}(left", "x".repeat(195)));
    }

    #[test]
    fn what_may_be_a_credential_by_its_name_is_one() {
        let params = [("client_assertion", "hunter2"), ("audience", "everybody"), ("api_key", "hunter3")];
        let oauth2 = OAuth2 {
            token_url: "http://idp/token?tenant=shop&code_key=hunter%204".to_owned(),
            client_id: "loader".to_owned(),
            client_secret: ClientSecret::Given("hunter1".to_owned()),
            client_auth: ClientAuth::Basic,
            scopes: Vec::new(),
            params: BTreeMap::from(params.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            path: "spec.target.auth.oauth2".to_owned(),
        };
        assert_eq!(confidential(&oauth2), ["hunter3", "hunter2", "hunter 4"]);
    }
}
