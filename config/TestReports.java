import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Reads test reports and says what they hold: failures and skips one by one, the sum on the last line. Used by check
 * and run from source, because a JDK is the one tool that is certainly there.
 *
 * <p>The argument is a directory with one sub-directory per run, named after the run; in it the TEST-*.xml files of
 * surefire and failsafe and, if the build failed, an empty file build-failed.
 */
class TestReports {
    private int passed;
    private int failed;
    private int skipped;

    public static void main(String[] args) throws Exception {
        var total = new TestReports();
        for (Path run : children(Path.of(args[0]))) {
            var one = new TestReports();
            one.read(run);
            System.out.println(run.getFileName() + ": " + one);
            total.passed += one.passed;
            total.failed += one.failed;
            total.skipped += one.skipped;
        }
        System.out.println(total);
        System.exit(total.failed == 0 ? 0 : 1);
    }

    private void read(Path run) throws Exception {
        var parser = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        for (Path file : children(run)) {
            if (!file.toString().endsWith(".xml")) continue;
            var cases = parser.parse(file.toFile()).getElementsByTagName("testcase");
            for (int i = 0; i < cases.getLength(); i++) {
                count(run.getFileName().toString(), (Element) cases.item(i));
            }
        }
        // A run that fails elsewhere (compiler, format, a crash of the test process), or that tests nothing,
        // must not end in "0 failed".
        if (Files.exists(run.resolve("build-failed")) && failed == 0) {
            System.out.println("FAILED  " + run.getFileName() + ": the build, not a test; see above. Counted as one.");
            failed++;
        } else if (passed + failed == 0) {
            System.out.println("FAILED  " + run.getFileName() + ": no test was run. Counted as one.");
            failed++;
        }
    }

    private void count(String run, Element test) {
        String name = run + ": " + test.getAttribute("classname") + "." + test.getAttribute("name");
        if (has(test, "failure") || has(test, "error")) {
            failed++;
            System.out.println("FAILED  " + name + ": " + message(test, has(test, "failure") ? "failure" : "error"));
        } else if (has(test, "skipped")) {
            skipped++;
            System.out.println("SKIPPED " + name + ": " + message(test, "skipped"));
        } else {
            passed++;
        }
    }

    private static boolean has(Element test, String tag) {
        return test.getElementsByTagName(tag).getLength() > 0;
    }

    private static String message(Element test, String tag) {
        var element = (Element) test.getElementsByTagName(tag).item(0);
        String message = element.getAttribute("message");
        if (message.isBlank()) message = element.getTextContent();
        return message.isBlank()
                ? "no reason given"
                : message.strip().lines().findFirst().orElseThrow();
    }

    private static List<Path> children(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.sorted().toList();
        }
    }

    @Override
    public String toString() {
        return passed + " passed, " + failed + " failed, " + skipped + " skipped";
    }
}
