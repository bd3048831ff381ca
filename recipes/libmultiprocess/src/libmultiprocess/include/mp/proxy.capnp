# Annotations for mpgen, and the protocol by which two processes agree on threads.
# File id, names and ordinals are those of C++ libmultiprocess, so that either side may be written in either language.

@0xcc316e3f71a040fb;

annotation include(file): Text;
# A Python module in whose namespace annotations of the wrapped classes are looked up as well.

annotation includeTypes(file): Text;
# A Python module whose TYPES tuple of libmultiprocess.CustomType converts types of its own.

annotation wrap(interface, struct): Text;
# Dotted name of what stands for this on the Python side: an abstract class or "Callable[[...], ...]" for an
# interface, a dataclass, named tuple or exception for a struct.

annotation count(param, struct, interface): Int32;
# How many Python parameters belong to one schema parameter (1 unless said). With 0 it has none: the runtime fills it in, or
# it keeps its default. More are converted as the tuple of them would be. On a struct or interface it holds for all
# parameters of that type, and on a struct for all members of that type.

annotation exception(param): Text;
# Marks a result that is set when the method raised; names the Python exception class.

annotation name(field, method): Text;
# The Python name, where it is not the snake_case form of the schema's name. On a `destroy` method: the method to call on
# an object when its last remote holder lets go.

annotation skip(field): Void;
# The same as count(0).

interface ThreadMap $count(0) {
    makeThread @0 (name :Text) -> (result :Thread);
    # Start a thread that serves one thread of the caller, called `name` there.

    makePool @1 (count :UInt32) -> ();
    # Start `count` threads for calls that name no thread.
}

interface Thread {
    getName @0 () -> (result: Text);
}

struct Context $count(0) {
    thread @0 :Thread;
    # Where the called process shall run the call.

    callbackThread @1 :Thread;
    # The thread that makes the call, and waits; calls back to this process shall run there.
}
