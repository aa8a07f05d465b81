//! What is the same for all executors, made out from the list of them.

/// Each executor once: its field in the spec, its name there, its type.
macro_rules! executors {
    ($($field:ident $name:literal $type:ident),* $(,)?) => {
        /// How a phase's load is shaped.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each is told of in its own file")]
        pub enum Executor {
            $($type($type)),*
        }

        impl Executor {
            /// Its name in the spec and the status.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Executor::$type(_) => $name),*
                }
            }

            /// Why a pace changes nothing; none: it does.
            #[must_use]
            pub fn no_pace(&self) -> Option<&'static str> {
                match self {
                    $(Executor::$type(executor) => executor.heeds_no_pace()),*
                }
            }
        }

        impl std::ops::Deref for Executor {
            type Target = dyn Timeline;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Executor::$type(executor) => executor),*
                }
            }
        }

        $(impl From<$type> for Executor {
            fn from(executor: $type) -> Self {
                Executor::$type(executor)
            }
        })*

        /// What they are called in a spec.
        const NAMES: &[&str] = &[$($name),*];

        /// Why the executor of `load` heeds no pace; none: it does.
        pub(super) fn no_pace(load: &Load) -> Option<&'static str> {
            let Load { $($field),* } = load;
            [$($field.as_ref().and_then(<$type as Specified>::no_pace)),*].into_iter().flatten().next()
        }

        /// Writes what means the same in one way.
        pub(super) fn write_alike(load: &mut Load) {
            let Load { $($field),* } = load;
            $(if let Some(spec) = $field {
                <$type as Specified>::write_alike(spec);
            })*
        }

        /// Makes the lengths and large counts of `load` smaller.
        pub(super) fn shorten(load: &mut Load, scale: &mut Scale<'_>) {
            let Load { $($field),* } = load;
            $(if let Some(spec) = $field {
                <$type as Specified>::shorten(spec, scale);
            })*
        }

        /// The executors that `load` names, each with its name; none of one: it is faulty.
        fn named(load: &Load, at: &At) -> Vec<(&'static str, Option<Executor>)> {
            // Without `..`: a new field of the spec must be named here.
            let Load { $($field),* } = load;
            let mut named = Vec::new();
            $(if let Some(spec) = $field {
                let executor = <$type as Specified>::read(spec, &at.field($name));
                named.push(($name, executor.map(Executor::from)));
            })*
            named
        }
    };
}
pub(super) use executors;
