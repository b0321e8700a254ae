//! Reactive parts whose machinery is compiled once for each type of value. Leptos compiles it again
//! for each closure, which a few hundred closures make a third of the page's size.

use leptos::prelude::*;

/// [`Memo::new`] for a value that does not build on the one before.
pub fn memo<T>(value: impl Fn() -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    boxed_memo(Box::new(value))
}

fn boxed_memo<T>(value: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| value())
}

/// [`Effect::new`] for an effect that does not build on its run before.
pub fn effect(run: impl FnMut() + 'static) {
    boxed_effect(Box::new(run));
}

fn boxed_effect(mut run: Box<dyn FnMut()>) {
    Effect::new(move |_| run());
}

/// A part of the page that is built anew when what it reads changes.
pub fn dynamic(build: impl FnMut() -> AnyView + Send + 'static) -> AnyView {
    boxed_view(Box::new(build))
}

fn boxed_view(build: Box<dyn FnMut() -> AnyView + Send>) -> AnyView {
    build.into_any()
}

/// What is there only while something is so.
#[component]
pub fn When(is: impl Fn() -> bool + Send + Sync + 'static, children: ChildrenFn) -> AnyView {
    when(memo(is), children)
}

fn when(is: Memo<bool>, children: ChildrenFn) -> AnyView {
    dynamic(move || match is.get() {
        true => children(),
        false => ().into_any(),
    })
}
