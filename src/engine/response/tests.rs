//! Responses in pieces of every size, and what is no response.

use super::*;

fn wants() -> Wants {
    Wants {
        headers: vec!["x-cache".into()],
        body: true,
        json: false,
        head_only: false,
        cookies: Cookies::Ignored,
    }
}

/// Feeds `response` in pieces of `size` bytes; gives status, body, keep-alive and the wanted header.
fn read(response: &[u8], size: usize, wants: &Wants) -> Result<(u16, String, bool, Option<String>), NotHttp> {
    let mut reader = Reader::default();
    reader.begin();
    let mut done = false;
    for piece in response.chunks(size) {
        if let Progress::Done { left_over } = reader.feed(piece, wants)? {
            assert_eq!(left_over, 0, "nothing lies behind {:?}", String::from_utf8_lossy(response));
            done = true;
        }
    }
    assert!(done || reader.closed(), "incomplete: {:?}", String::from_utf8_lossy(response));
    let body = String::from_utf8_lossy(reader.body()).into_owned();
    Ok((reader.status(), body, reader.keep_alive(), reader.header(0).map(str::to_owned)))
}

#[test]
fn responses_are_read_alike_however_they_are_split() {
    let table: &[(&str, u16, &str, bool, Option<&str>)] = &[
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Cache: HIT\r\n\r\nok", 200, "ok", true, Some("HIT")),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "", true, None),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true, None),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true, None),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n",
            200,
            "abcde",
            true,
            None,
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz", 200, "z", true, None),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
            201,
            "",
            true,
            None,
        ),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nq", 200, "q", false, None),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nq", 200, "q", false, None),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nq", 200, "q", true, None),
        (
            "HTTP/1.1 200 OK\r\nX-Cache:  MISS \r\n\r\nuntil the end",
            200,
            "until the end",
            false,
            Some("MISS"),
        ),
    ];
    for (response, status, body, keep_alive, header) in table {
        for size in 1..=response.len() {
            let expected = (*status, (*body).to_owned(), *keep_alive, header.map(str::to_owned));
            assert_eq!(read(response.as_bytes(), size, &wants()), Ok(expected), "{response:?} by {size}");
        }
    }
}

#[test]
fn a_response_to_head_has_no_body_whatever_its_length_says() {
    let wants = Wants { head_only: true, ..wants() };
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    assert_eq!(read(response, 7, &wants).map(|read| read.1), Ok(String::new()));
}

#[test]
fn what_is_not_http_is_refused() {
    let table: &[&[u8]] = &[
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ];
    for response in table {
        let mut reader = Reader::default();
        reader.begin();
        assert_eq!(reader.feed(response, &wants()), Err(NotHttp), "{:?}", String::from_utf8_lossy(response));
    }
}

#[test]
fn a_head_or_a_line_without_end_is_refused() {
    for start in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"] {
        let mut reader = Reader::default();
        reader.begin();
        assert_eq!(reader.feed(start.as_bytes(), &wants()), Ok(Progress::More));
        let refused = (0..100).any(|_| reader.feed(&[b'x'; 1024], &wants()).is_err());
        assert!(refused, "{start:?} goes on for ever");
    }
}

#[test]
fn a_body_beyond_the_limit_is_counted_but_not_kept() {
    let mut reader = Reader::default();
    reader.begin();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", LONGEST_KEPT_BODY + 10);
    assert_eq!(reader.feed(head.as_bytes(), &wants()), Ok(Progress::More));
    let body = vec![b'a'; LONGEST_KEPT_BODY + 10];
    assert_eq!(reader.feed(&body, &wants()), Ok(Progress::Done { left_over: 0 }));
    assert!(reader.body_too_long());
    assert_eq!(reader.body().len(), LONGEST_KEPT_BODY);
}
