package org.example.rcp;

import org.eclipse.ui.IPageLayout;
import org.eclipse.ui.IPerspectiveFactory;

/** The view and nothing else. */
public final class Perspective implements IPerspectiveFactory {
    static final String ID = "org.example.rcp.perspective";

    @Override
    public void createInitialLayout(IPageLayout layout) {
        layout.setEditorAreaVisible(false);
        layout.addStandaloneView(TunnelsView.ID, false, IPageLayout.LEFT, 1.0f, layout.getEditorArea());
    }
}
