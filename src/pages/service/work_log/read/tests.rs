//! What is read of a log, and what is asked for next.

use super::*;

const END_ALONE: Want = Want {
    whole: false,
    still: false,
};

const WHOLE: Want = Want {
    whole: true,
    still: false,
};

const STILL: Want = Want {
    whole: false,
    still: true,
};

fn log(text: &str, next: Option<u64>) -> WorkLog {
    WorkLog {
        status: Open::Known(LogStatus::Running),
        version: 1,
        log_text: text.to_owned(),
        error: None,
        error_detail: None,
        build_step: None,
        next_offset: next,
    }
}

#[test]
fn what_was_read_is_not_asked_for_again() {
    let mut text = WorkText::default();
    let first = question(None, END_ALONE);
    assert_eq!((first.offset, first.tail), (None, Some(END)));
    let read = take_over(&mut text, None, END_ALONE, &first, &log("a\nb\n", Some(4)));
    assert!(!read.is_cut);
    let next = question(Some(&read), END_ALONE);
    assert_eq!((next.offset, next.tail), (Some(4), None));
    let grown = take_over(
        &mut text,
        Some(read.clone()),
        END_ALONE,
        &next,
        &log("c\n", Some(6)),
    );
    assert_eq!((grown.lines, grown.offset), (3, 6));
    assert_ne!(grown.edition, read.edition);
    let next = question(Some(&grown), END_ALONE);
    let same = take_over(
        &mut text,
        Some(grown.clone()),
        END_ALONE,
        &next,
        &log("", Some(6)),
    );
    assert_eq!(same.edition, grown.edition);
}

#[test]
fn a_log_that_comes_whole_each_time_is_not_shown_twice() {
    let mut text = WorkText::default();
    let mut read = None;
    let mut lines = Vec::new();
    for sent in ["a\n", "a\nb\nc", "a\nb\nc\n", "a\nb\nc\n", "x\n"] {
        let next = question(read.as_ref(), END_ALONE);
        let taken = take_over(&mut text, read, END_ALONE, &next, &log(sent, None));
        lines.push((taken.lines, taken.edition.text));
        read = Some(taken);
    }
    let edition = lines[0].1;
    assert_eq!(lines[..4], [1, 3, 3, 3].map(|lines| (lines, edition)));
    assert_eq!((lines[4].0, lines[4].1 == edition), (1, false));
}

#[test]
fn a_long_log_is_read_whole_only_where_that_is_wanted() {
    let mut text = WorkText::default();
    let first = question(None, END_ALONE);
    let read = take_over(
        &mut text,
        None,
        END_ALONE,
        &first,
        &log("f\nlast\n", Some(1_000)),
    );
    assert!(read.is_cut);
    assert_eq!(read.lines, 1, "the first line was not whole");
    let whole = question(Some(&read), WHOLE);
    assert_eq!((whole.offset, whole.tail), (Some(0), None));
    let piece = log("x\nof\n", Some(5));
    let begun = take_over(&mut text, Some(read.clone()), WHOLE, &whole, &piece);
    assert_eq!((begun.lines, begun.is_cut), (2, false));
    assert_ne!(begun.edition.text, read.edition.text);
    let next = question(Some(&begun), WHOLE);
    assert_eq!(next.offset, Some(5));
    let all = take_over(
        &mut text,
        Some(begun),
        WHOLE,
        &next,
        &log("last\n", Some(10)),
    );
    assert_eq!((all.lines, all.extent().as_str()), (3, "3 lines"));
}

#[test]
fn no_more_lines_are_held_than_a_page_can() {
    let mut text = WorkText::default();
    let read = take_over(
        &mut text,
        None,
        END_ALONE,
        &question(None, END_ALONE),
        &log("", Some(0)),
    );
    let next = question(Some(&read), END_ALONE);
    let many = "y\n".repeat(MOST_LINES);
    let piece = log(&many, Some(many.len() as u64));
    let full = take_over(&mut text, Some(read), END_ALONE, &next, &piece);
    assert_eq!(full.pace(), Some(NEXT_PIECE));
    let next = question(Some(&full), END_ALONE);
    assert_eq!((next.offset, next.tail), (None, Some(END)), "its end again");
    let next = question(Some(&full), WHOLE);
    assert_eq!(next.tail, Some(0), "only how it stands");
    let whole = take_over(&mut text, Some(full), WHOLE, &next, &log("", Some(9)));
    assert!(whole.stopped());
    assert_eq!(whole.pace(), Some(PACE), "it goes on, and that is told");
    assert_eq!(whole.extent(), "the first 1,000,000 lines");
}

#[test]
fn lines_that_somebody_reads_give_way_to_none() {
    let mut text = WorkText::default();
    let first = question(None, END_ALONE);
    let read = take_over(
        &mut text,
        None,
        END_ALONE,
        &first,
        &log("f\nlast\n", Some(1_000)),
    );
    let next = question(Some(&read), STILL);
    assert_eq!(next.offset, Some(1_000), "until no more are held");
    let piece = log(&"y\n".repeat(MOST_LINES), Some(3_000_000));
    let full = take_over(&mut text, Some(read), STILL, &next, &piece);
    let end = question(Some(&full), END_ALONE);
    let next = question(Some(&full), STILL);
    assert_eq!((next.offset, next.tail), (None, Some(0)));
    // Also where the end was asked for before they scrolled up.
    for (asked, answer) in [(next, ""), (end, "new\nend\n")] {
        let answer = log(answer, Some(9_000_000));
        let kept = take_over(&mut text, Some(full.clone()), STILL, &asked, &answer);
        assert_eq!(kept.edition, full.edition);
        assert_eq!(text.get(0).map(|line| line.text), Some("last"));
        let words = "1,000,001 lines, and newer ones that are not shown";
        assert_eq!(kept.extent(), words);
    }
    let followed = take_over(
        &mut text,
        Some(full),
        END_ALONE,
        &end,
        &log("new\nend\n", Some(9_000_000)),
    );
    assert_eq!((followed.lines, followed.is_cut), (1, true));
    assert_eq!(question(Some(&followed), END_ALONE).offset, Some(9_000_000));
}

#[test]
fn no_later_error_is_named_the_first() {
    let mut text = WorkText::default();
    let first = question(None, END_ALONE);
    let end = log("f\nerror: the second\n", Some(3 << 20));
    let cut = take_over(&mut text, None, END_ALONE, &first, &end);
    assert_eq!(cut.first_error(), FirstError::Before);
    let next = question(Some(&cut), WHOLE);
    let fine = "fine\n".repeat(PIECE / 5 + 1);
    let piece = log(&fine, Some(fine.len() as u64));
    let begun = take_over(&mut text, Some(cut), WHOLE, &next, &piece);
    assert_eq!(begun.first_error(), FirstError::After);
    let next = question(Some(&begun), WHOLE);
    let piece = log("error: the first\nerror: the second\n", Some(3 << 20));
    let found = take_over(&mut text, Some(begun.clone()), WHOLE, &next, &piece);
    assert_eq!(found.first_error(), FirstError::At(PIECE / 5 + 1));
    let none = take_over(
        &mut text,
        Some(begun),
        WHOLE,
        &next,
        &log("", Some(3 << 20)),
    );
    assert_eq!(
        Read {
            first_fault: None,
            ..none
        }
        .first_error(),
        FirstError::NotIn("this log".to_owned())
    );
}

#[test]
fn a_failure_names_its_step_first() {
    let mut text = WorkText::default();
    let failed = WorkLog {
        status: Open::Known(LogStatus::Error),
        error: Some("exit code 2".to_owned()),
        error_detail: Some("\u{1b}[31mno rule\u{1b}[0m".to_owned()),
        build_step: Some("step 4 of 7, RUN make".to_owned()),
        ..log("", Some(0))
    };
    let read = take_over(
        &mut text,
        None,
        END_ALONE,
        &question(None, END_ALONE),
        &failed,
    );
    let (words, detail) = read.failure().unwrap();
    assert_eq!(words, "Failed at step 4 of 7, RUN make: exit code 2");
    assert!(detail.unwrap().contains("no rule"));
    assert_eq!(Read::default().failure(), None);
}

#[test]
fn what_has_ended_is_read_to_its_end() {
    let mut text = WorkText::default();
    let first = question(None, END_ALONE);
    let read = take_over(&mut text, None, END_ALONE, &first, &log("a\n", Some(2)));
    let ended = |text: &str, next| WorkLog {
        status: Open::Known(LogStatus::Success),
        ..log(text, Some(next))
    };
    let next = question(Some(&read), END_ALONE);
    let piece = take_over(&mut text, Some(read), END_ALONE, &next, &ended("b\n", 4));
    assert_eq!(piece.pace(), Some(PACE), "there may be another piece");
    let next = question(Some(&piece), END_ALONE);
    let end = take_over(&mut text, Some(piece), END_ALONE, &next, &ended("", 4));
    assert_eq!(end.pace(), None);
}

#[test]
fn a_platform_without_offsets_is_read_whole_once() {
    let mut text = WorkText::default();
    let read = take_over(
        &mut text,
        None,
        END_ALONE,
        &question(None, END_ALONE),
        &log("a\n", None),
    );
    assert_eq!((read.offset, read.is_cut), (2, false));
}
